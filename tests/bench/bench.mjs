// Benchmarks, each beside a named reference on the same machine in the same run:
//   verifyKey over HTTP beside nginx answering a static 200 of the same size;
//   verifications with credits, with rate limits, and ratelimit.limit beside the plain verifyKey;
//   durable createKey beside synced writes of the same size into bare RocksDB;
//   memory a key and start-up time, beside the marks that prototypes reached;
//   one event to many subscribers beside a program that writes the same bytes to as many sockets;
//   a log folded anew, and the state at earlier moments, beside a plain read of the same bytes;
//   durable createKey on Kafka beside Kafka's own programs, and how long a fail-over takes.
// Runs alternate and medians are reported. Trust the CPU microseconds and the ratios: throughput depends on the rest
// of the machine, which also carries the load generator.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeDirectory, temporaryDirectory } from '../conformance/lib/server.mjs';
import { benchKafka } from './cluster.mjs';
import { benchFailOver } from './fail_over.mjs';
import { benchHotPaths } from './hot_paths.mjs';
import { benchKeyMemory } from './key_memory.mjs';
import { benchReplay } from './replay.mjs';
import { benchSubscribers } from './subscribers.mjs';
import { medians } from './measure.mjs';
import { Nginx } from './nginx.mjs';
import { measureRaw } from './raw.mjs';
import {
  printCreate, printFailOver, printHotPaths, printKafka, printKeyMemory, printReplay, printSubscribers, printVerify,
} from './table.mjs';
import { measure, Target } from './target.mjs';

const ALONE = ['verify', 'hot', 'create', 'memory', 'subscribers', 'replay'];
const BENCHMARKS = [...ALONE, 'kafka', 'failover'];
const usage = `usage: bench.mjs --programs DIRECTORY [BENCHMARK...] [--keys N] [--rounds N] [--seconds N] [--quick]
                [--brokers N] [--property K=V]...
  BENCHMARK  of ${BENCHMARKS.join(', ')}; default all but those on Kafka
  --keys     data set of the verification, default 100000
  --rounds   measurements of each case, default 3
  --seconds  length of one measurement, default 5
  --quick    2000 keys, 1 round of 2 seconds; the index with 100000 keys; 1000 subscribers
  --subscribers  of one event, default 10000
  --brokers  1 or 3 of Kafka, default 1
  --property a line of each broker's server.properties; may be repeated
KEYFOLD_TEST_DIRECTORY: where data is kept, default the system's temporary directory.`;

function options() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: {
    programs: { type: 'string' }, keys: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' },
    subscribers: { type: 'string' },
    brokers: { type: 'string', default: '1' }, property: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  } });
  if (values.help || !values.programs || positionals.some((name) => !BENCHMARKS.includes(name))) {
    console.error(usage);
    process.exit(values.help ? 0 : 2);
  }
  const [keys, rounds, seconds] = values.quick ? [2000, 1, 2] : [100_000, 3, 5];
  return { benchmarks: positionals.length > 0 ? positionals : ALONE, binary: join(values.programs, 'keyfold'),
    raw: join(values.programs, 'tests/raw_group_commit'), keyIndex: join(values.programs, 'tests/key_index_memory'),
    keys: Number(values.keys ?? keys), rounds: Number(values.rounds ?? rounds), seconds: Number(values.seconds ?? seconds),
    brokers: Number(values.brokers), properties: values.property, fanOut: join(values.programs, 'tests/event_fan_out'),
    subscribers: Number(values.subscribers ?? (values.quick ? 1000 : 10_000)),
    replaySpeed: join(values.programs, 'tests/replay_speed'), replayed: values.quick ? 100_000 : 1_000_000,
    indexed: values.quick ? [100_000] : [1_000_000, 5_000_000] };
}

async function benchVerify(target, options, directory) {
  const keys = await target.fill(options.keys);
  const { key } = await target.caller.ok('keys.createKey', { apiId: target.apiId });
  const sample = await target.caller.call('keys.verifyKey', { key });
  const nginx = await Nginx.start(join(directory, 'nginx'), sample.text);
  const env = target.requests('verify', '/v2/keys.verifyKey', keys.map((one) => ({ key: one })));
  const rows = [];
  try {
    for (const connections of [16, 64, 512]) {
      const run = (url, pids) => measure({ url, script: 'post.lua', connections, seconds: options.seconds, env, pids });
      const ours = [];
      const theirs = [];
      for (let round = 0; round < options.rounds; round += 1) {
        ours.push(await run(target.server.url, [target.server.pid]));
        theirs.push(await run(nginx.url, nginx.workers()));
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
      ours.push(await measure({ url: target.server.url, script: 'create.lua', connections, seconds: options.seconds,
        env: target.env, pids: [target.server.pid] }));
      theirs.push(await measureRaw(options.raw, join(directory, 'raw'), connections, options.seconds));
    }
    rows.push({ connections, ours: medians(ours), theirs: medians(theirs) });
  }
  return { rows };
}

async function withTarget(directory, task) {
  const target = await Target.start(directory);
  try {
    return await task(target);
  } finally {
    await target.stop();
  }
}

const chosen = options();
process.env.KEYFOLD_BINARY = chosen.binary;
const run = {
  verify: async (directory) => printVerify(chosen, await withTarget(directory, (target) => benchVerify(target, chosen, directory))),
  hot: async (directory) => printHotPaths(chosen, await withTarget(directory, (target) => benchHotPaths(target, chosen))),
  create: async (directory) => printCreate(chosen, await withTarget(directory, (target) => benchCreate(target, chosen, directory))),
  kafka: async (directory) => printKafka(chosen, await benchKafka(chosen, directory)),
  failover: async (directory) => printFailOver(chosen, await benchFailOver(chosen, directory)),
  replay: async (directory) => printReplay(await benchReplay(chosen, directory)),
  memory: async (directory) => printKeyMemory(await benchKeyMemory(chosen, directory)),
  subscribers: async (directory) => printSubscribers(await benchSubscribers(chosen, directory)),
};
for (const name of chosen.benchmarks) {
  const directory = temporaryDirectory('bench');
  try {
    await run[name](directory);
  } finally {
    removeDirectory(directory);
  }
}
