// keys.rerollKey (RR-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventsTail } from './lib/cli.mjs';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, members } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

const MINUTE = 60_000;

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const reroll = (keyId, expiration = 0, caller = world.admin, headers = {}) =>
  caller.call('keys.rerollKey', { keyId, expiration }, headers);
/** What a reroll leaves as it is; ids of rate limits are new. */
const kept = ({ keyId, start, createdAt, updatedAt, expires, ratelimits, ...rest }) =>
  ({ ...rest, ratelimits: (ratelimits ?? []).map(({ id, ...limit }) => limit) });

async function recoverable(fields = {}) {
  const apiId = await world.api();
  await world.admin.ok('apis.updateSettings', { apiId, storeEncryptedKeys: true });
  return world.key({ ...fields, apiId, recoverable: true });
}

describe('keys.rerollKey', () => {
  it('RR-01 RR-02 copies everything to a new key and lets the old one expire', async () => {
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role });
    const old = await recoverable({
      name: 'n', externalId: unique('user'), meta: { a: [1, null] }, permissions: ['b', 'a'], roles: [role],
      credits: { remaining: 7, refill: { interval: 'monthly', amount: 9, refillDay: 3 } },
      ratelimits: [{ name: 'one', limit: 1, duration: 1000, autoApply: true }, { name: 'two', limit: 2, duration: 2000, autoApply: false }],
    });
    const before = await world.get(old.keyId);
    const made = expectOk(await reroll(old.keyId));
    assert.deepEqual(members(made), ['key', 'keyId']);
    assert.notEqual(made.keyId, old.keyId);
    assert.notEqual(made.key, old.key);
    const now = await world.admin.ok('keys.getKey', { keyId: made.keyId, decrypt: true });
    const { plaintext, ...shown } = now;
    assert.equal(plaintext, made.key);
    assert.deepEqual(kept(shown), kept(before));
    const oldIds = before.ratelimits.map((limit) => limit.id);
    for (const { id } of shown.ratelimits) assert.ok(!oldIds.includes(id));
    assert.equal(shown.expires, undefined);
    assert.equal(shown.updatedAt, undefined);
    const left = await world.get(old.keyId);
    assert.ok(left.expires <= Date.now());
    assert.ok(left.updatedAt > 0);
    assert.deepEqual(kept(left), kept(before));
  });
  it('RR-03 lets the old key work for the time that is asked for, to the next full minute', async () => {
    const { keyId } = await world.key();
    const lasts = 90_000;
    const from = Date.now();
    const made = expectOk(await reroll(keyId, lasts));
    const { expires } = await world.get(keyId);
    assert.ok(expires >= from + lasts && expires <= Date.now() + lasts + MINUTE, String(expires));
    assert.equal(expires % MINUTE, 0);
    assert.equal((await world.get(made.keyId)).expires, undefined);
  });
  it('RR-04 RR-08 takes grants by URN, and asks for each right by itself', async () => {
    const urn = `unkey:v1:${world.workspaceId}:keyspaces/*`;
    const plain = await world.key();
    const { keyId, apiId } = await recoverable();
    const creates = [['api.*.create_key'], [`api.${apiId}.create_key`], [`${urn}#create_key`]];
    const encrypts = [['api.*.encrypt_key'], [`api.${apiId}.encrypt_key`], [`${urn}/keys/*#encrypt_key`]];
    expectOk(await reroll(plain.keyId, 0, await world.callerWith(`${urn}#create_key`)));
    for (const create of creates) expectForbidden(await reroll(keyId, 0, await world.callerWith(...create)));
    for (const encrypt of encrypts) expectForbidden(await reroll(keyId, 0, await world.callerWith(...encrypt)));
    for (const create of creates) {
      for (const encrypt of encrypts) expectOk(await reroll(keyId, MINUTE, await world.callerWith(...create, ...encrypt)));
    }
  });
  it('RR-05 refuses what the schema forbids, and ignores unknown members', async () => {
    const { keyId } = await world.key();
    const call = (body) => world.admin.call('keys.rerollKey', body);
    expectInvalid(await call({ expiration: 0 }), '/required');
    expectInvalid(await call({ keyId }), '/required');
    expectInvalid(await call({ keyId: '', expiration: 0 }), '/properties/keyId/minLength');
    expectInvalid(await call({ keyId: 'ab', expiration: 0 }), '/properties/keyId/minLength');
    expectInvalid(await call({ keyId, expiration: -1 }), '/properties/expiration/minimum');
    expectInvalid(await call({ keyId, expiration: 4_102_444_800_001 }), '/properties/expiration/maximum');
    expectOk(await call({ keyId, expiration: 0, more: true }));
  });
  it('RR-06 RR-07 forbids without create_key, and a recoverable key without encrypt_key', async () => {
    const { keyId } = await world.key();
    for (const held of [[], ['api.*.read_key', 'api.*.update_key'], [`api.${await world.api()}.create_key`]]) {
      expectForbidden(await reroll(keyId, 0, await world.callerWith(...held)));
    }
    const secret = await recoverable();
    expectForbidden(await reroll(secret.keyId, 0, await world.callerWith('api.*.create_key')));
    expectCode(await world.verify(secret.key), 'VALID');
  });
  it('answers 412 for a recoverable key whose keyspace keeps none any more', async () => {
    const { keyId, apiId } = await recoverable();
    await world.admin.ok('apis.updateSettings', { apiId, storeEncryptedKeys: false });
    expectError(await reroll(keyId), 412, 'unkey/application/precondition_failed', 'Precondition Failed');
  });
  it('RR-09 finds neither absent nor deleted nor foreign keys', async () => {
    const { keyId } = await world.key();
    expectNotFound(await reroll('key_absent'), 'key');
    const { caller } = await world.otherWorkspace();
    expectNotFound(await reroll(keyId, 0, caller), 'key');
    await world.admin.ok('keys.deleteKey', { keyId });
    expectNotFound(await reroll(keyId), 'key');
  });
  it('RR-10 E2E-05 lets both keys work until the old one expires', async () => {
    const old = await world.key();
    const made = expectOk(await reroll(old.keyId, MINUTE));
    expectCode(await world.verify(old.key), 'VALID');
    expectCode(await world.verify(made.key), 'VALID');
    await world.update(old.keyId, { expires: Date.now() - 1 });
    expectCode(await world.verify(old.key), 'EXPIRED');
    expectCode(await world.verify(made.key), 'VALID');
  });
  it('RR-11 writes who gave which key the place of which', async () => {
    const { keyId, apiId } = await world.key();
    const answer = await reroll(keyId, MINUTE);
    const made = expectOk(answer);
    const events = (await eventsTail(world.server)).filter((event) => event.requestId === answer.body.meta.requestId);
    assert.deepEqual(events.map((event) => event.type), ['KeyCreated', 'KeyRerolled']);
    const [created, rerolled] = events.map((event) => event.payload);
    assert.deepEqual([created.keyId, created.rerolledFrom, created.apiId], [made.keyId, keyId, apiId]);
    assert.deepEqual([rerolled.keyId, rerolled.newKeyId], [keyId, made.keyId]);
    assert.ok(events.every((event) => event.principal.type === 'ROOT_KEY' && event.remoteIp !== ''));
    assert.ok(!JSON.stringify(events).includes(made.key));
  });
  it('RR-12 XX-09 expires the old key at once with 0, also right after a verification', async () => {
    const old = await world.key();
    expectCode(await world.verify(old.key), 'VALID');
    const made = expectOk(await reroll(old.keyId, 0));
    expectCode(await world.verify(old.key), 'EXPIRED');
    expectCode(await world.verify(made.key), 'VALID');
  });
  it('keeps an earlier expiry of the old key, and gives it to the new one', async () => {
    const expires = Date.now() + 5 * MINUTE;
    const { keyId } = await world.key({ expires });
    const made = expectOk(await reroll(keyId, 60 * MINUTE));
    assert.equal((await world.get(keyId)).expires, expires);
    assert.equal((await world.get(made.keyId)).expires, expires);
  });
  it('keeps a prefix with underscores, and the length', async () => {
    const { keyId, key } = await world.key({ prefix: 'my_own_app', byteLength: 64 });
    const made = expectOk(await reroll(keyId));
    assert.match(made.key, /^my_own_app_[1-9A-HJ-NP-Za-km-z]+$/);
    assert.ok(Math.abs(made.key.length - key.length) <= 4, made.key);
    assert.equal((await world.get(made.keyId)).start, made.key.slice(0, 'my_own_app_'.length + 4));
  });
  it('does it once for one Idempotency-Key', async () => {
    const { keyId, apiId } = await world.key();
    const headers = { 'Idempotency-Key': unique('reroll') };
    const first = expectOk(await reroll(keyId, 0, world.admin, headers));
    assert.deepEqual(expectOk(await reroll(keyId, 0, world.admin, headers)), first);
    assert.equal(expectOk(await world.listKeys(apiId)).length, 2);
  });
});
