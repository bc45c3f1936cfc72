// What clients ask all the time, beside the plain verification in the same run.
import { medians } from './measure.mjs';
import { measure } from './target.mjs';

const CONNECTIONS = 64;
const KEYS = 1000;
const IDENTIFIERS = 10_000;
const PLENTY = 1_000_000_000;
const MINUTE_MS = 60_000;

const limits = (names) => names.map((name) => ({ name, limit: PLENTY, duration: MINUTE_MS, autoApply: true }));

/** The cases: a name, and the environment of post.lua. The first is what the others are compared with. */
async function cases(target) {
  const verify = (name, keys, more = {}) =>
    target.requests(name, '/v2/keys.verifyKey', keys.map((key) => ({ key, ...more })));
  const identifiers = Array.from({ length: IDENTIFIERS }, (_, i) => `user_${i}`);
  const credits = { remaining: PLENTY };
  const permissions = ['documents.read', 'documents.write', 'invoices.read'];
  const query = 'documents.read AND (documents.write OR documents.admin)';
  return [
    { name: 'verifyKey', env: verify('plain', await target.fill(KEYS)) },
    { name: 'verifyKey, one credit', env: verify('credits', await target.fill(KEYS, { credits })) },
    { name: 'verifyKey, 3 rate limits, query', env: verify('limits',
      await target.fill(KEYS, { ratelimits: limits(['second', 'minute', 'day']), permissions }), { permissions: query }) },
    { name: 'ratelimit.limit', env: target.requests('limit', '/v2/ratelimit.limit',
      identifiers.map((identifier) => ({ namespace: 'bench', identifier, limit: PLENTY, duration: MINUTE_MS }))) },
  ];
}

/** Rounds go through all cases in turn. */
export async function benchHotPaths(target, options) {
  const all = await cases(target);
  const runs = all.map(() => []);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [at, { env }] of all.entries()) {
      runs[at].push(await measure({ url: target.server.url, script: 'post.lua', connections: CONNECTIONS,
        seconds: options.seconds, env, pids: [target.server.pid] }));
    }
  }
  return { connections: CONNECTIONS, rows: all.map(({ name }, at) => ({ name, ...medians(runs[at]) })) };
}
