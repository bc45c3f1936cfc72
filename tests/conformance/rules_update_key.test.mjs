// keys.updateKey (UK-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('keys.updateKey', () => {
  const update = (keyId, fields, caller = world.admin) => caller.call('keys.updateKey', { keyId, ...fields });
  const monthly = { interval: 'monthly', amount: 100, refillDay: 15 };

  /** Makes a key, applies the updates in order, and returns how it reads then. */
  async function afterUpdates(fields, ...updates) {
    const { keyId } = await world.key(fields);
    for (const change of updates) assert.deepEqual(expectOk(await update(keyId, change)), {});
    return world.get(keyId);
  }

  it('UK-01 sets, clears and keeps the name', async () => {
    assert.equal((await afterUpdates({ name: 'old' }, { name: 'new' })).name, 'new');
    assert.ok(!('name' in await afterUpdates({ name: 'old' }, { name: null })));
    const kept = await afterUpdates({ name: 'old' }, { enabled: false });
    assert.equal(kept.name, 'old');
    assert.equal(kept.enabled, false);
  });
  it('UK-02 replaces, clears and keeps meta as a whole', async () => {
    assert.deepEqual((await afterUpdates({ meta: { a: 1, b: 2 } }, { meta: { c: 3 } })).meta, { c: 3 });
    assert.ok(!('meta' in await afterUpdates({ meta: { a: 1 } }, { meta: null })));
    assert.ok(!('meta' in await afterUpdates({ meta: { a: 1 } }, { meta: {} })));
    assert.deepEqual((await afterUpdates({ meta: { a: 1 } }, { enabled: false })).meta, { a: 1 });
  });
  it('UK-03 sets, clears and keeps expires', async () => {
    const first = Date.now() + 1_000_000;
    assert.equal((await afterUpdates({ expires: first }, { expires: first + 7 })).expires, first + 7);
    assert.ok(!('expires' in await afterUpdates({ expires: first }, { expires: null })));
    assert.equal((await afterUpdates({ expires: first }, { name: 'x' })).expires, first);
  });
  it('UK-04 links, unlinks and keeps the identity', async () => {
    const externalId = unique('customer');
    assert.equal((await afterUpdates({}, { externalId })).identity.externalId, externalId);
    assert.ok(!('identity' in await afterUpdates({ externalId }, { externalId: null })));
    assert.equal((await afterUpdates({ externalId }, { name: 'x' })).identity.externalId, externalId);
  });
  it('UK-05 UK-06 makes a key unlimited', async () => {
    for (const credits of [null, { remaining: null }]) {
      const key = await afterUpdates({ credits: { remaining: 50, refill: monthly } }, { credits });
      assert.ok(!('credits' in key), JSON.stringify(key));
    }
  });
  it('UK-05 forgets the refill with the credits', async () => {
    const key = await afterUpdates({ credits: { remaining: 50, refill: monthly } }, { credits: null }, { credits: { remaining: 5 } });
    assert.deepEqual(key.credits, { remaining: 5 });
  });
  it('UK-07 clears the refill alone', async () => {
    assert.deepEqual((await afterUpdates({ credits: { remaining: 50, refill: monthly } }, { credits: { refill: null } })).credits,
      { remaining: 50 });
  });
  it('UK-08 UK-09 UK-10 changes the refill and the balance apart', async () => {
    const begin = { credits: { remaining: 50, refill: monthly } };
    const changed = { interval: 'monthly', amount: 150, refillDay: 20 };
    assert.deepEqual((await afterUpdates(begin, { credits: { refill: changed } })).credits, { remaining: 50, refill: changed });
    assert.deepEqual((await afterUpdates(begin, { credits: { remaining: 999 } })).credits, { remaining: 999, refill: monthly });
    assert.deepEqual((await afterUpdates(begin, { name: 'x' })).credits, begin.credits);
  });
  it('UK-11 drops the day when a refill becomes daily', async () => {
    const refill = { interval: 'daily', amount: 1 };
    assert.deepEqual((await afterUpdates({ credits: { remaining: 5, refill: monthly } }, { credits: { refill } })).credits,
      { remaining: 5, refill });
  });
  it('UK-12 applies all members of one call, and calls in order', async () => {
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role });
    const all = {
      name: 'all', externalId: unique('customer'), meta: { z: 1 }, expires: Date.now() + 60_000, enabled: false,
      credits: { remaining: 4, refill: { interval: 'daily', amount: 4 } }, permissions: [unique('p')], roles: [role],
      ratelimits: [{ name: 'all', limit: 3, duration: 3000, autoApply: true }],
    };
    const key = await afterUpdates({}, { name: 'before', enabled: true }, all);
    for (const name of ['name', 'meta', 'expires', 'enabled', 'credits', 'permissions', 'roles']) {
      assert.deepEqual(key[name], all[name], name);
    }
    assert.equal(key.identity.externalId, all.externalId);
    assert.equal(key.ratelimits[0].limit, 3);
  });
  it('UK-13 keeps the id of a ratelimit whose name stays', async () => {
    const limit = (name, count) => ({ name, limit: count, duration: 1000, autoApply: false });
    const { keyId } = await world.key({ ratelimits: [limit('kept', 1), limit('gone', 1)] });
    const earlier = await world.get(keyId);
    const idOf = (key, name) => key.ratelimits.find((entry) => entry.name === name)?.id;
    await world.update(keyId, { ratelimits: [limit('kept', 9), limit('new', 2)] });
    const now = await world.get(keyId);
    assert.deepEqual(now.ratelimits.map((entry) => [entry.name, entry.limit]), [['kept', 9], ['new', 2]]);
    assert.equal(idOf(now, 'kept'), idOf(earlier, 'kept'));
    await world.update(keyId, { ratelimits: [] });
    assert.ok(!('ratelimits' in await world.get(keyId)));
  });
  it('UK-14 UK-19 needs update_key, by tuple or by URN', async () => {
    const { keyId, apiId } = await world.key();
    const ws = world.workspaceId;
    for (const grant of ['api.*.update_key', `api.${apiId}.update_key`, `unkey:v1:${ws}:keyspaces/*/keys/*#update_key`,
      `unkey:v1:${ws}:**#*`]) {
      expectOk(await update(keyId, { name: 'granted' }, await world.callerWith(grant)));
    }
    for (const grant of ['api.*.read_key', 'api.api_other000.update_key', 'unkey:v1:ws_other:**#*']) {
      expectForbidden(await update(keyId, { name: 'denied' }, await world.callerWith(grant)));
    }
  });
  it('UK-15 shows a new balance in the next verification', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 10 } });
    expectCode(await world.verify(key), 'VALID');
    await world.update(keyId, { credits: { remaining: 100 } });
    assert.equal(expectCode(await world.verify(key), 'VALID').credits, 99);
  });
  it('UK-16 shares one new identity among parallel updates', async () => {
    const externalId = unique('customer');
    const keys = await Promise.all(Array.from({ length: 10 }, () => world.key()));
    await Promise.all(keys.map(({ keyId }) => world.update(keyId, { externalId })));
    const ids = await Promise.all(keys.map(async ({ keyId }) => (await world.get(keyId)).identity.id));
    assert.equal(new Set(ids).size, 1);
  });
  it('UK-17 leaves one whole set after parallel replacements', async () => {
    const { keyId } = await world.key();
    const set = (n) => [0, 1, 2].map((i) => ({ name: `set_${n}_${i}`, limit: n + 1, duration: 1000, autoApply: false }));
    await Promise.all(Array.from({ length: 10 }, (_, n) => world.update(keyId, { ratelimits: set(n) })));
    const { ratelimits } = await world.get(keyId);
    assert.equal(ratelimits.length, 3);
    assert.equal(new Set(ratelimits.map((entry) => entry.limit)).size, 1);
  });
  it('UK-18 refuses a day with a daily refill and a monthly one without', async () => {
    const { keyId } = await world.key({ credits: { remaining: 1 } });
    expectRuleViolation(await update(keyId, { credits: { refill: { interval: 'daily', amount: 1, refillDay: 1 } } }));
    expectRuleViolation(await update(keyId, { credits: { refill: { interval: 'monthly', amount: 1 } } }));
  });
  it('UK-20 UK-21 finds no foreign, absent or deleted key', async () => {
    const { keyId } = await world.key({ name: 'mine' });
    expectNotFound(await update(keyId, { name: 'theirs' }, (await world.otherWorkspace()).caller), 'key');
    assert.equal((await world.get(keyId)).name, 'mine');
    expectNotFound(await update('key_absent00', {}), 'key');
    await world.admin.ok('keys.deleteKey', { keyId });
    expectNotFound(await update(keyId, { name: 'late' }), 'key');
  });
  it('UK-22 replaces the direct permissions and creates unknown ones', async () => {
    const [a, b, c] = [unique('a'), unique('b'), unique('c')];
    assert.deepEqual((await afterUpdates({ permissions: [a, b] }, { permissions: [c, b] })).permissions, [b, c].sort());
    assert.ok(!('permissions' in await afterUpdates({ permissions: [a] }, { permissions: [] })));
  });
  it('UK-23 changes nothing when a role is unknown', async () => {
    const { keyId } = await world.key({ name: 'before' });
    const error = expectNotFound(await update(keyId, { name: 'after', roles: ['no_such_role'] }), 'role');
    assert.match(error.detail, /no_such_role/);
    assert.equal((await world.get(keyId)).name, 'before');
  });
  it('UK-25 takes a body of the id alone and stamps the update', async () => {
    const { keyId } = await world.key();
    assert.deepEqual(expectOk(await update(keyId, {})), {});
    assert.ok((await world.get(keyId)).updatedAt > 0);
  });
  it('UK-26 refuses null where it means nothing', async () => {
    const { keyId } = await world.key();
    for (const name of ['ratelimits', 'enabled', 'roles', 'permissions']) {
      expectInvalid(await update(keyId, { [name]: null }), `/properties/${name}/type`);
    }
  });
  it('UK-27 makes cleared members vanish', async () => {
    const key = await afterUpdates({ name: 'n', externalId: unique('c'), meta: { a: 1 }, expires: Date.now() + 60_000 },
      { name: null, externalId: null, meta: null, expires: null });
    assert.deepEqual(Object.keys(key).sort(), ['createdAt', 'enabled', 'keyId', 'start', 'updatedAt']);
  });
  it('UK-28 XX-08 shows in the very next verification', async () => {
    const { keyId, key } = await world.key();
    for (let i = 0; i < 20; i += 1) {
      await world.update(keyId, { enabled: false });
      expectCode(await world.verify(key), 'DISABLED');
      await world.update(keyId, { enabled: true });
      expectCode(await world.verify(key), 'VALID');
    }
  });
  it('UK-29 takes a refill for an unlimited key', async () => {
    const { keyId, key } = await world.key();
    expectOk(await update(keyId, { credits: { refill: { interval: 'daily', amount: 1 } } }));
    expectCode(await world.verify(key), 'VALID');
  });
});
