// keys.getKey (GK-*), keys.deleteKey (DK-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, members } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('keys.getKey', () => {
  const get = (keyId, caller = world.admin, more = {}) => caller.call('keys.getKey', { keyId, ...more });
  const created = async (fields) => world.get((await world.key(fields)).keyId);

  it('GK-01 GK-19 shows of a bare key its id, start, state and time, also after verifications', async () => {
    const { keyId, key } = await world.key();
    for (let i = 0; i < 3; i += 1) expectCode(await world.verify(key), 'VALID');
    assert.deepEqual(members(expectOk(await get(keyId))), ['createdAt', 'enabled', 'keyId', 'start']);
  });
  it('GK-03 takes a grant by URN for one key, for a keyspace, for all', async () => {
    const { keyId } = await world.key();
    const ws = world.workspaceId;
    for (const path of [`keyspaces/*/keys/${keyId}#read_key`, 'keyspaces/*/keys/*#read_key', 'keyspaces/**#read_key', '**#*']) {
      expectOk(await get(keyId, await world.callerWith(`unkey:v1:${ws}:${path}`)));
    }
    for (const path of ['keyspaces/*/keys/key_other#read_key', 'keyspaces/*#read_key', 'keyspaces/*/keys/*#update_key']) {
      expectForbidden(await get(keyId, await world.callerWith(`unkey:v1:${ws}:${path}`)));
    }
  });
  it('GK-04 returns nested meta', async () => {
    const meta = { o: { p: { q: [1, 2.5, true, false, null, 's', { r: [] }] } } };
    assert.deepEqual((await created({ meta })).meta, meta);
  });
  it('GK-05 returns the very millisecond of expires', async () => {
    const expires = Date.now() + 123_457;
    assert.equal((await created({ expires })).expires, expires);
  });
  it('GK-06 GK-07 returns refills as stored', async () => {
    const daily = { remaining: 5, refill: { interval: 'daily', amount: 10 } };
    const monthly = { remaining: 0, refill: { interval: 'monthly', amount: 10, refillDay: 31 } };
    assert.deepEqual((await created({ credits: daily })).credits, daily);
    assert.deepEqual((await created({ credits: monthly })).credits, monthly);
    assert.deepEqual((await created({ credits: { remaining: 0 } })).credits, { remaining: 0 });
  });
  it('GK-08 joins direct and inherited permissions, sorted and distinct', async () => {
    const slugs = [unique('a'), unique('b'), unique('c')];
    const roles = [unique('role_b'), unique('role_a')];
    await world.admin.ok('permissions.createRole', { name: roles[0], permissions: [slugs[2], slugs[0]] });
    await world.admin.ok('permissions.createRole', { name: roles[1], permissions: [slugs[0]] });
    const key = await created({ roles, permissions: [slugs[1], slugs[0]] });
    assert.deepEqual(key.permissions, [...slugs].sort());
    assert.deepEqual([...key.roles].sort(), [...roles].sort());
  });
  it('GK-09 returns ratelimits sorted by name', async () => {
    const limit = (name) => ({ name, limit: 5, duration: 5000, autoApply: false });
    const key = await created({ ratelimits: [limit('zebra'), limit('apple'), limit('mango')] });
    assert.deepEqual(key.ratelimits.map((entry) => entry.name), ['apple', 'mango', 'zebra']);
  });
  it('GK-10 reads disabled and expired keys', async () => {
    assert.equal((await created({ enabled: false })).enabled, false);
    assert.equal((await created({ expires: 1 })).expires, 1);
  });
  it('GK-11 refuses malformed ids before it knows the caller', async () => {
    for (const [keyId, keyword] of [['', 'minLength'], ['ab', 'minLength'], ['key-1', 'pattern'], ['a b c', 'pattern']]) {
      expectInvalid(await get(keyId), `/properties/keyId/${keyword}`);
      expectInvalid(await world.admin.call('keys.getKey', { keyId }, { Authorization: 'Bearer bogus' }));
    }
  });
  it('GK-12 forbids without read_key for the API', async () => {
    const { keyId, apiId } = await world.key();
    const other = await world.api();
    for (const grants of [[], ['api.*.create_key'], [`api.${other}.read_key`], ['api.*.decrypt_key'], ['rbac.*.create_role'],
      [`api.${apiId}.update_key`]]) {
      expectForbidden(await get(keyId, await world.callerWith(...grants)));
    }
    expectOk(await get(keyId, await world.callerWith(`api.${apiId}.read_key`)));
  });
  it('2.3 names only the wildcard form of a missing permission', async () => {
    const { keyId, apiId } = await world.key();
    const { detail } = expectForbidden(await get(keyId, await world.callerWith()));
    assert.ok(!detail.includes(apiId) && !detail.includes('ks_'), detail);
    assert.match(detail, /api\.\*\.read_key/);
  });
  it('GK-13 forbids decrypt without the right', async () => {
    const { keyId } = await world.key();
    const answer = await get(keyId, await world.callerWith('api.*.read_key'), { decrypt: true });
    assert.ok([403, 412].includes(answer.status), answer.text);
  });
  it('GK-15 answers decrypt with 412 where nothing is encrypted', async () => {
    const { keyId } = await world.key();
    expectError(await get(keyId, world.admin, { decrypt: true }), 412, 'unkey/application/precondition_failed');
  });
  it('GK-14 GK-17 finds no absent, foreign or deleted key', async () => {
    const { keyId } = await world.key();
    expectNotFound(await get('key_absent00'), 'key');
    expectNotFound(await get('abc'), 'key');
    expectNotFound(await get(keyId, (await world.otherWorkspace()).caller), 'key');
    await world.admin.ok('keys.deleteKey', { keyId });
    expectNotFound(await get(keyId), 'key');
  });
});

describe('keys.deleteKey', () => {
  const remove = (keyId, more = {}, caller = world.admin) => caller.call('keys.deleteKey', { keyId, ...more });

  it('DK-01 DK-02 DK-08 deletes at once, softly or for good', async () => {
    for (const more of [{}, { permanent: false }, { permanent: true }]) {
      const { keyId, key } = await world.key({ credits: { remaining: 1 }, permissions: ['dk.p'] });
      assert.deepEqual(expectOk(await remove(keyId, more)), {});
      expectCode(await world.verify(key), 'NOT_FOUND');
      expectNotFound(await world.admin.call('keys.getKey', { keyId }), 'key');
    }
  });
  it('DK-03 takes grants by URN', async () => {
    const ws = world.workspaceId;
    const caller = await world.callerWith(`unkey:v1:${ws}:keyspaces/*/keys/*#delete_key`);
    expectOk(await remove((await world.key()).keyId, {}, caller));
  });
  it('DK-04 refuses a missing and an empty id', async () => {
    expectInvalid(await world.admin.call('keys.deleteKey', {}), '/required');
    expectInvalid(await remove(''), '/properties/keyId/minLength');
  });
  it('DK-05 forbids without the right and finds no foreign key', async () => {
    const { keyId, key } = await world.key();
    const other = await world.api();
    for (const grants of [[], ['api.*.create_key'], [`api.${other}.delete_key`]]) {
      expectForbidden(await remove(keyId, {}, await world.callerWith(...grants)));
    }
    expectNotFound(await remove(keyId, {}, (await world.otherWorkspace()).caller), 'key');
    expectCode(await world.verify(key), 'VALID');
  });
  it('DK-06 finds no absent or deleted key, also with permanent', async () => {
    expectNotFound(await remove('key_absent00'), 'key');
    const { keyId } = await world.key();
    expectOk(await remove(keyId));
    expectNotFound(await remove(keyId), 'key');
    expectNotFound(await remove(keyId, { permanent: true }), 'key');
  });
});
