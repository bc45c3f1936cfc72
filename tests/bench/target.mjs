// A keyfold server to be measured: filling it with keys and asking it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Caller, Client } from '../conformance/lib/http.mjs';
import { startServer } from '../conformance/lib/server.mjs';
import { cpuMicroseconds, wrk } from './measure.mjs';

const FILLING_CONNECTIONS = 64;
const FILLING_SECONDS = 2;

export class Target {
  /** A server with one API. */
  static async start(directory) {
    const target = new Target();
    target.directory = directory;
    target.server = await startServer({ data: join(directory, 'data') });
    target.client = new Client(target.server.url);
    target.caller = new Caller(target.client, target.server.rootKey);
    target.apiId = (await target.caller.ok('apis.createApi', { name: 'bench' })).apiId;
    return target;
  }

  async stop() {
    this.client.close();
    await this.server.stop();
  }

  get env() { return { KEYFOLD_BENCH_ROOT_KEY: this.server.rootKey, KEYFOLD_BENCH_API: this.apiId }; }

  /** Creates that many keys with these members; answers their secrets. */
  async fill(count, members = {}) {
    const file = join(this.directory, 'keys');
    const create = JSON.stringify({ apiId: this.apiId, ...members });
    writeFileSync(file, '');
    for (;;) {
      const keys = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      if (keys.length >= count) return keys;
      await wrk({ url: this.server.url, script: 'fill.lua', connections: FILLING_CONNECTIONS, seconds: FILLING_SECONDS,
        env: { ...this.env, KEYFOLD_BENCH_KEYS: file, KEYFOLD_BENCH_CREATE: create,
          KEYFOLD_BENCH_COUNT: String(count - keys.length) } });
    }
  }

  /** What post.lua needs to send these bodies. */
  requests(name, path, bodies) {
    const file = join(this.directory, `${name}.bodies`);
    writeFileSync(file, bodies.map((body) => `${JSON.stringify(body)}\n`).join(''));
    return { ...this.env, KEYFOLD_BENCH_PATH: path, KEYFOLD_BENCH_BODIES: file };
  }
}

/** One wrk run against a server: throughput, latency, and the server's CPU microseconds a request. */
export async function measure({ url, script, connections, seconds, env, pids }) {
  const before = cpuMicroseconds(pids);
  const result = await wrk({ url, script, connections, seconds, env });
  return { perSecond: result.requests / result.seconds, cpuUs: (cpuMicroseconds(pids) - before) / result.requests,
    p50Ms: result.p50Ms, p99Ms: result.p99Ms };
}
