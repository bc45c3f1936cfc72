// Telemetry of verifications: what is recorded (4.8), and when a key was last used (9.2).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { keyfold } from './lib/cli.mjs';
import { expectCode, expectInvalid, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

const MINUTE_MS = 60_000;
const POLL_MS = 50;

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** All usage events, parsed. */
async function usage() {
  const { code, stdout, stderr } = await keyfold(['usage', 'tail', '--data', world.server.data]);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** The verifications of a key, once something that was asked for after them is on the stream. */
async function verificationsOf(keyId) {
  const { keyId: last, key } = await world.key();
  expectCode(await world.verify(key), 'VALID');
  for (;;) {
    const payloads = (await usage()).filter((event) => event.type === 'Verification').map((event) => event.payload);
    if (payloads.some((payload) => payload.keyId === last)) return payloads.filter((payload) => payload.keyId === keyId);
    await sleep(POLL_MS);
  }
}

/** The key as getKey shows it once it has a last use. */
async function usedKey(keyId) {
  for (;;) {
    const key = await world.get(keyId);
    if ('lastUsedAt' in key) return key;
    await sleep(POLL_MS);
  }
}

describe('usage', () => {
  it('VK-30 records a verification once with its outcome and tags', async () => {
    const { keyId, key } = await world.key({ externalId: unique('ann') });
    const answer = await world.verify(key, { tags: ['path=/x', '☺'] });
    expectCode(answer, 'VALID');
    const [event, ...more] = await verificationsOf(keyId);
    assert.equal(more.length, 0);
    assert.equal(event.outcome, 'VALID');
    assert.deepEqual(event.tags, ['path=/x', '☺']);
    assert.equal(event.requestId, answer.body.meta.requestId);
    assert.equal(event.workspaceId, world.workspaceId);
    assert.equal(event.identityId, answer.data.identity.id);
    assert.equal(event.externalId, answer.data.identity.externalId);
    assert.match(event.keyspaceId, /^ks_/);
    assert.ok(Math.abs(Number(event.timeMs) - Date.now()) < MINUTE_MS);
  });
  it('VK-30 4.8 records nothing of NOT_FOUND, foreign keys and refused requests', async () => {
    const { keyId, key } = await world.key();
    const { caller } = await world.otherWorkspace();
    expectCode(await world.verify(key, {}, caller), 'NOT_FOUND');
    expectCode(await world.verify(key, {}, await world.callerWith()), 'NOT_FOUND');
    expectCode(await world.verify(unique('no_such_key')), 'NOT_FOUND');
    assert.equal((await world.verify(key, { permissions: '(' })).status, 400);
    assert.equal((await verificationsOf(keyId)).length, 0);
    assert.ok((await usage()).every((event) => event.payload.outcome !== 'NOT_FOUND'));
  });
  it('4.8 records the cost only when it was charged', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 5 } });
    for (const [cost, code] of [[3, 'VALID'], [3, 'USAGE_EXCEEDED'], [0, 'VALID']]) {
      expectCode(await world.verify(key, { credits: { cost } }), code);
    }
    const unlimited = await world.key();
    expectCode(await world.verify(unlimited.key, { credits: { cost: 7 } }), 'VALID');
    const spent = (events) => events.map((event) => `${event.outcome} ${event.spentCredits ?? 0}`).sort();
    assert.deepEqual(spent(await verificationsOf(keyId)), ['USAGE_EXCEEDED 0', 'VALID 0', 'VALID 3']);
    assert.deepEqual(spent(await verificationsOf(unlimited.keyId)), ['VALID 0']);
  });
  it('VK-22 takes up to 20 tags of 1 to 512 characters, whatever they are', async () => {
    const { keyId, key } = await world.key();
    const tags = ['/a b', '☺'.repeat(512), ...Array.from({ length: 18 }, (_, i) => `tag-${i}=${'x'.repeat(i)}`)];
    expectCode(await world.verify(key, { tags }), 'VALID');
    expectInvalid(await world.verify(key, { tags: [...tags, 'one'] }), '/tags/maxItems');
    expectInvalid(await world.verify(key, { tags: [''] }), '/tags/items/minLength');
    expectInvalid(await world.verify(key, { tags: ['x'.repeat(513)] }), '/tags/items/maxLength');
    const [event, ...more] = await verificationsOf(keyId);
    assert.deepEqual(event.tags, tags);
    assert.equal(more.length, 0);
  });
  it('9.2 shows the minute of the last use, and none before the first', async () => {
    const { keyId, key, apiId } = await world.key();
    assert.ok(!('lastUsedAt' in await world.get(keyId)));
    expectCode(await world.verify(key), 'VALID');
    const { lastUsedAt } = await usedKey(keyId);
    assert.equal(lastUsedAt % MINUTE_MS, 0);
    assert.ok(Date.now() - lastUsedAt < 2 * MINUTE_MS);
    const [listed] = expectOk(await world.listKeys(apiId));
    assert.equal(listed.lastUsedAt, lastUsedAt);
  });
  it('9.2 counts a verification as use whatever its outcome', async () => {
    const { keyId, key } = await world.key({ enabled: false });
    expectCode(await world.verify(key), 'DISABLED');
    assert.ok((await usedKey(keyId)).lastUsedAt > 0);
  });
  it('9.2 keeps the last use over a restart', async () => {
    const other = await World.start();
    const { keyId, key } = await other.key();
    expectCode(await other.verify(key), 'VALID');
    const { data, rootKey } = other.server;
    await other.server.stop();
    other.client.close();
    const again = await World.start({ data });
    again.admin.rootKey = rootKey;
    try {
      assert.ok((await again.get(keyId)).lastUsedAt > 0);
    } finally {
      await again.stop();
    }
  });
});
