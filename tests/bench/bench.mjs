// Two benchmarks, each beside a named reference on the same machine in the same run:
//   verifyKey over HTTP beside nginx answering a static 200 of the same size;
//   durable createKey beside synced writes of the same size into bare RocksDB.
// Runs alternate and medians are reported. Trust the CPU microseconds and the ratios: throughput depends on the rest
// of the machine, which also carries the load generator.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Caller, Client } from '../conformance/lib/http.mjs';
import { removeDirectory, startServer, temporaryDirectory } from '../conformance/lib/server.mjs';
import { Nginx } from './nginx.mjs';
import { measureRaw } from './raw.mjs';
import { cpuMicroseconds, median, wrk } from './measure.mjs';
import { printCreate, printVerify } from './table.mjs';

const usage = `usage: bench.mjs --binary KEYFOLD --raw RAW_GROUP_COMMIT [--keys N] [--rounds N] [--seconds N] [--quick]
  --keys     data set of the verification, default 100000
  --rounds   measurements of each case, default 3
  --seconds  length of one measurement, default 5
  --quick    2000 keys, 1 round of 2 seconds
KEYFOLD_TEST_DIRECTORY: where data is kept, default the system's temporary directory.`;

function options() {
  const { values } = parseArgs({ options: {
    binary: { type: 'string' }, raw: { type: 'string' }, keys: { type: 'string' }, rounds: { type: 'string' },
    seconds: { type: 'string' }, quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  } });
  if (values.help || !values.binary || !values.raw) {
    console.error(usage);
    process.exit(values.help ? 0 : 2);
  }
  const [keys, rounds, seconds] = values.quick ? [2000, 1, 2] : [100_000, 3, 5];
  return { binary: values.binary, raw: values.raw, keys: Number(values.keys ?? keys), rounds: Number(values.rounds ?? rounds),
    seconds: Number(values.seconds ?? seconds) };
}

/** A server with an API, and the environment that the wrk scripts read. */
async function startTarget(directory) {
  const server = await startServer({ data: join(directory, 'data') });
  const client = new Client(server.url);
  const caller = new Caller(client, server.rootKey);
  const { apiId } = await caller.ok('apis.createApi', { name: 'bench' });
  const env = { KEYFOLD_BENCH_ROOT_KEY: server.rootKey, KEYFOLD_BENCH_API: apiId, KEYFOLD_BENCH_KEYS: join(directory, 'keys') };
  return { server, client, caller, apiId, env };
}

/** One wrk run against a server: throughput, latency, and the server's CPU microseconds a request. */
async function measure(url, script, connections, seconds, env, pids) {
  const before = cpuMicroseconds(pids);
  const result = await wrk({ url, script, connections, seconds, env });
  return { perSecond: result.requests / result.seconds, cpuUs: (cpuMicroseconds(pids) - before) / result.requests,
    p50Ms: result.p50Ms, p99Ms: result.p99Ms };
}

const medians = (runs) => Object.fromEntries(Object.keys(runs[0]).map((name) => [name, median(runs.map((run) => run[name]))]));

/** Creates keys until the file of keys holds as many as asked for. */
async function fill(target, count) {
  const file = target.env.KEYFOLD_BENCH_KEYS;
  writeFileSync(file, '');
  for (;;) {
    const missing = count - readFileSync(file, 'utf8').split('\n').length + 1;
    if (missing <= 0) return;
    await wrk({ url: target.server.url, script: 'fill.lua', connections: 64, seconds: 2,
      env: { ...target.env, KEYFOLD_BENCH_COUNT: String(missing) } });
  }
}

async function benchVerify(target, options, directory) {
  await fill(target, options.keys);
  const { key } = await target.caller.ok('keys.createKey', { apiId: target.apiId });
  const sample = await target.caller.call('keys.verifyKey', { key });
  const nginx = await Nginx.start(join(directory, 'nginx'), sample.text);
  const rows = [];
  try {
    for (const connections of [16, 64, 512]) {
      const ours = [];
      const theirs = [];
      for (let round = 0; round < options.rounds; round += 1) {
        ours.push(await measure(target.server.url, 'verify.lua', connections, options.seconds, target.env, [target.server.pid]));
        theirs.push(await measure(nginx.url, 'verify.lua', connections, options.seconds, target.env, nginx.workers()));
      }
      rows.push({ connections, ours: medians(ours), theirs: medians(theirs) });
    }
  } finally {
    await nginx.stop();
  }
  return { answerBytes: sample.text.length, rows };
}

async function benchCreate(target, options, directory) {
  const rows = [];
  for (const connections of [1, 64]) {
    const ours = [];
    const theirs = [];
    for (let round = 0; round < options.rounds; round += 1) {
      ours.push(await measure(target.server.url, 'create.lua', connections, options.seconds, target.env, [target.server.pid]));
      theirs.push(await measureRaw(options.raw, join(directory, 'raw'), connections, options.seconds));
    }
    rows.push({ connections, ours: medians(ours), theirs: medians(theirs) });
  }
  return { rows };
}

const chosen = options();
process.env.KEYFOLD_BINARY = chosen.binary;
const directory = temporaryDirectory('bench');
const target = await startTarget(directory);
try {
  printVerify(chosen, await benchVerify(target, chosen, directory));
  printCreate(chosen, await benchCreate(target, chosen, directory));
} finally {
  target.client.close();
  await target.server.stop();
  removeDirectory(directory);
}
