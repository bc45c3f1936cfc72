// What must hold after a restart, asked of the server itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { digest, eventsTail, replayInto } from '../conformance/lib/cli.mjs';
import { removeDirectory, temporaryDirectory } from '../conformance/lib/server.mjs';
import { Key } from './model.mjs';

const IN_PARALLEL = 64;
const RETRIED_PER_ROUND = 20;

/** Runs `task` over all items, a bounded number at once. */
async function forEach(items, task) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      next += 1;
      await task(items[next - 1]);
    }
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, worker));
}

/** The key as a verification that costs nothing shows it. */
async function verifyFree(caller, key) {
  return caller.ok('keys.verifyKey', { key: key.key, credits: { cost: 0 } });
}

/** Sends again what was never answered: it must happen exactly once, and the answer must not change from then on. */
async function retryPending(caller, round, counters) {
  await forEach(round.retries, async ({ operation, body, idempotencyKey, key }) => {
    const headers = { 'Idempotency-Key': idempotencyKey };
    const first = await caller.ok(operation, body, headers);
    const second = await caller.ok(operation, body, headers);
    assert.deepEqual(second, first, `two answers under ${idempotencyKey}`);
    counters.retried += 1;
    if (operation === 'keys.createKey') round.keys.push(new Key(first, body, idempotencyKey));
    else key.spent += 1;
  });
  round.retries = [];
}

/** What was acknowledged under an Idempotency-Key is answered the same after the crash, with the same secret. */
async function repeatAcknowledged(caller, round, counters) {
  const repeated = round.keys.filter((key) => key.idempotencyKey !== undefined).slice(-RETRIED_PER_ROUND);
  await forEach(repeated, async (key) => {
    const answer = await caller.ok('keys.createKey', key.request, { 'Idempotency-Key': key.idempotencyKey });
    assert.deepEqual(answer, { keyId: key.keyId, key: key.key }, `another answer under ${key.idempotencyKey}`);
    counters.retried += 1;
  });
}

/** Each acknowledged change is there, each pending one wholly or not at all; what is found becomes what is known. */
async function checkKey(caller, key, counters) {
  const seen = await verifyFree(caller, key);
  counters.verified += 1;
  if (seen.code === 'NOT_FOUND') {
    assert.notEqual(key.state, 'live', `the acknowledged key ${key.keyId} is lost`);
    key.state = 'deleted';
    return;
  }
  assert.notEqual(key.state, 'deleted', `the deleted key ${key.keyId} is back`);
  key.state = 'live';
  assert.equal(seen.code, 'VALID', `${key.keyId} is ${seen.code}`);
  assert.equal(seen.keyId, key.keyId);
  const spent = key.credits - seen.credits;
  assert.ok(spent >= key.spent && spent <= key.spent + key.spentPending,
    `${key.keyId}: ${spent} credits are spent, ${key.spent} were acknowledged, ${key.spentPending} pending`);
  assert.ok([key.name, key.namePending].includes(seen.name), `${key.keyId}: the name is ${seen.name}, not ${key.name}`);
  key.spent = spent;
  key.spentPending = 0;
  key.name = seen.name;
  key.namePending = undefined;
}

/** All ids of an API, page by page; none twice. */
async function listIds(caller, apiId) {
  const ids = [];
  let cursor;
  do {
    const answer = await caller.call('apis.listKeys', { apiId, cursor });
    assert.equal(answer.status, 200, answer.text);
    ids.push(...answer.data.map((row) => row.keyId));
    cursor = answer.body.pagination.cursor;
  } while (cursor !== undefined);
  assert.equal(new Set(ids).size, ids.length, 'a key is listed twice');
  return ids;
}

/** The API lists exactly the live keys, and at most as many strangers as creations went unanswered. */
async function checkList(caller, round) {
  const listed = new Set(await listIds(caller, round.apiId));
  const live = round.keys.filter((key) => key.state === 'live').map((key) => key.keyId);
  for (const keyId of live) assert.ok(listed.has(keyId), `${keyId} is not listed`);
  const strangers = listed.size - live.length;
  assert.ok(strangers <= round.createsPending, `${strangers} keys that nobody made, ${round.createsPending} could be`);
  if (round.listed !== undefined) assert.deepEqual([...listed].sort(), round.listed, 'the list changed by itself');
  round.listed = [...listed].sort();
}

/** Everything about one round, right after its restart or again at the end. */
export async function checkRound(caller, round, counters) {
  if (round.apiId === undefined) return;
  await retryPending(caller, round, counters);
  await repeatAcknowledged(caller, round, counters);
  await forEach(round.keys, (key) => checkKey(caller, key, counters));
  await checkList(caller, round);
}

/** Sequences are dense, no key was created twice, and every key that clients know has its event. */
export async function checkEvents(server, rounds, counters) {
  const next = new Map();
  const created = new Set();
  const events = await eventsTail(server);
  for (const event of events) {
    assert.equal(event.sequence, next.get(event.partition) ?? 0, `partition ${event.partition} is not dense`);
    next.set(event.partition, event.sequence + 1);
    if (event.type !== 'KeyCreated') continue;
    assert.ok(!created.has(event.streamId), `${event.streamId} was created twice`);
    created.add(event.streamId);
  }
  for (const round of rounds) for (const key of round.keys) assert.ok(created.has(key.keyId), `no event created ${key.keyId}`);
  counters.events = events.length;
}

/** Stops the server and compares its live digests with those of a replay from nothing. */
export async function checkDigests(server, counters) {
  const live = await digest(server);
  assert.ok(live.length > 0, 'no digest lines');
  const result = await server.stop();
  assert.deepEqual(result, { code: 0, signal: null }, server.output);
  const copy = temporaryDirectory('replay');
  try {
    assert.deepEqual(await replayInto(server, join(copy, 'new')), live, 'live and replayed digests differ');
  } finally {
    removeDirectory(copy);
  }
  counters.digests += 1;
}
