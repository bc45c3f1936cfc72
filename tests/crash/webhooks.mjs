// The crash test of webhooks: the server is killed again and again while it sends what clients do to a real receiver.
// In the end every event that was acknowledged must have come at least once, and those of a resource in their order.
//
//   KEYFOLD_BINARY=build/dev/keyfold node tests/crash/webhooks.mjs
//
// KEYFOLD_CRASH_ROUNDS (default 12) and KEYFOLD_CRASH_SEED (default: by the clock, printed) choose the schedule.
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, Client } from '../conformance/lib/http.mjs';
import { Receiver, until, webhookArgs } from '../conformance/lib/receiver.mjs';
import { removeDirectory, startServer, temporaryDirectory } from '../conformance/lib/server.mjs';
import { random } from './schedule.mjs';

const KEYS = 6;
const FAILING_SHARE = 0.2;
const LIFE_MS_MAX = 700;

const seed = Number(process.env.KEYFOLD_CRASH_SEED ?? Date.now() % 2 ** 32);
const rounds = Number(process.env.KEYFOLD_CRASH_ROUNDS ?? 12);
console.log(`seed: ${seed}`);
const chance = random(seed);
const data = temporaryDirectory('crash-webhooks');
const settings = temporaryDirectory('crash-webhooks-settings');
const args = webhookArgs(settings, { retry_delays: Array(20).fill('20ms').join(', ') });
const receiver = await Receiver.start();
const changes = new Map();   // of each key: the names that were acknowledged, in order
const received = new Map();  // and the numbers of what was received with success, in order
let isFailing = true;

receiver.respond = (request, response, { event }) => {
  if (isFailing && chance() < FAILING_SHARE) return response.writeHead(503).end();
  const name = event.data.name;
  if (event.type === 'KeyUpdated' && name) {
    if (!received.has(event.resource.id)) received.set(event.resource.id, []);
    received.get(event.resource.id).push(Number(name.slice(1)));
  }
  return response.writeHead(204).end();
};

async function withServer(task) {
  const server = await startServer({ data, args });
  const client = new Client(server.url);
  try {
    return await task(server, client);
  } finally {
    client.close();
    await server.stop('SIGKILL');
  }
}

/** Renames the key again and again, each time by the next number, until the server dies. */
async function rename(caller, keyId) {
  const acknowledged = changes.get(keyId);
  for (;;) {
    acknowledged.next += 1;
    try {
      await caller.ok('keys.updateKey', { keyId, name: `n${acknowledged.next}` });
    } catch {
      return;
    }
    acknowledged.numbers.push(acknowledged.next);
  }
}

/** Later than the first time that it came, an event may come again; but never the first time after a later one. */
function checkOrder(keyId, numbers) {
  let last = 0;
  const seen = new Set();
  for (const number of numbers) {
    if (!seen.has(number) && number < last) throw new Error(`${keyId}: ${number} came for the first time after ${last}`);
    seen.add(number);
    last = Math.max(last, number);
  }
  return seen;
}

let failed = false;
try {
  let rootKey;
  await withServer(async (server, client) => {
    rootKey = server.rootKey;
    const caller = new Caller(client, rootKey);
    await caller.ok('webhooks.createWebhook', { url: receiver.url, types: ['KeyUpdated'] });
    const { apiId } = await caller.ok('apis.createApi', { name: 'crash' });
    for (let i = 0; i < KEYS; i += 1) {
      const { keyId } = await caller.ok('keys.createKey', { apiId });
      changes.set(keyId, { next: 0, numbers: [] });
    }
  });
  for (let round = 0; round < rounds; round += 1) {
    await withServer(async (server, client) => {
      const caller = new Caller(client, rootKey);
      const work = [...changes.keys()].map((keyId) => rename(caller, keyId));
      await sleep(chance() * LIFE_MS_MAX);
      await server.stop('SIGKILL');
      await Promise.all(work);
    });
  }
  isFailing = false;
  await withServer(async () => {
    for (const [keyId, { numbers }] of changes) {
      await until(() => numbers.every((number) => received.get(keyId)?.includes(number)), `all of ${keyId}`);
    }
  });
  let events = 0;
  let repeats = 0;
  for (const [keyId, numbers] of received) {
    const seen = checkOrder(keyId, numbers);
    events += seen.size;
    repeats += numbers.length - seen.size;
  }
  console.log(`${rounds} kills, ${events} events, ${receiver.deliveries.length} requests, ${repeats} repeats; none is missing`);
} catch (error) {
  failed = true;
  console.error(error);
  console.error(`again with: KEYFOLD_CRASH_SEED=${seed} KEYFOLD_CRASH_ROUNDS=${rounds}; the data stays in ${data}`);
  process.exitCode = 1;
} finally {
  await receiver.stop();
  removeDirectory(settings);
  if (!failed) removeDirectory(data);
}
