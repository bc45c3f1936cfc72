// keys.updateCredits (UC-*), keys.whoami (WA-*), and credits across endpoints (XX-01, E2E-04).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation, members } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('keys.updateCredits', () => {
  const change = (keyId, operation, value, caller = world.admin) =>
    caller.call('keys.updateCredits', { keyId, operation, ...(value === undefined ? {} : { value }) });
  const limited = (remaining, refill) => world.key({ credits: { remaining, ...(refill ? { refill } : {}) } });
  const refill = { interval: 'monthly', amount: 100, refillDay: 15 };

  it('UC-01 UC-12 sets null: unlimited, without a refill', async () => {
    const { keyId, key } = await limited(5, refill);
    assert.deepEqual(expectOk(await change(keyId, 'set', null)), { remaining: null });
    assert.ok(!('credits' in await world.get(keyId)));
    assert.ok(!('credits' in expectCode(await world.verify(key), 'VALID')));
    await world.update(keyId, { credits: { remaining: 1 } });
    assert.deepEqual((await world.get(keyId)).credits, { remaining: 1 });
  });
  it('3.6 sets without a value as with null', async () => {
    assert.deepEqual(expectOk(await change((await limited(5, refill)).keyId, 'set')), { remaining: null });
  });
  it('UC-02 sets, adds and takes away', async () => {
    const { keyId } = await limited(5);
    assert.deepEqual(expectOk(await change(keyId, 'set', 10)), { remaining: 10 });
    assert.deepEqual(expectOk(await change(keyId, 'increment', 7)), { remaining: 17 });
    assert.deepEqual(expectOk(await change(keyId, 'decrement', 3)), { remaining: 14 });
    assert.deepEqual((await world.get(keyId)).credits, { remaining: 14 });
  });
  it('UC-03 ends at zero', async () => {
    const { keyId, key } = await limited(5);
    assert.deepEqual(expectOk(await change(keyId, 'decrement', 6)), { remaining: 0 });
    assert.equal(expectCode(await world.verify(key), 'USAGE_EXCEEDED').credits, 0);
  });
  it('UC-04 is seen by the very next verification', async () => {
    const { keyId, key } = await limited(5);
    assert.equal(expectCode(await world.verify(key), 'VALID').credits, 4);
    expectOk(await change(keyId, 'set', 100));
    assert.equal(expectCode(await world.verify(key, { credits: { cost: 3 } }), 'VALID').credits, 97);
  });
  it('UC-05 takes a grant by URN', async () => {
    const { keyId } = await limited(5);
    const ws = world.workspaceId;
    expectOk(await change(keyId, 'set', 1, await world.callerWith(`unkey:v1:${ws}:keyspaces/*/keys/${keyId}#update_key`)));
  });
  it('UC-06 UC-13 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('keys.updateCredits', { operation: 'set', value: 1 }), '/required');
    expectInvalid(await world.admin.call('keys.updateCredits', { keyId: 'key_absent00' }), '/required');
    expectInvalid(await change('', 'set', 1), '/properties/keyId/minLength');
    expectInvalid(await change('key_absent00', 'reset', 1), '/properties/operation/enum');
    expectInvalid(await change('key_absent00', 'set', -1), '/properties/value/minimum');
    expectInvalid(await change('key_absent00', 'set', 1.5), '/properties/value/type');
    expectInvalid(await change('key_absent00', 'set', '1'), '/properties/value/type');
  });
  it('UC-07 UC-08 counts only a value, and only from a balance', async () => {
    const { keyId } = await limited(5);
    const unlimited = await world.key();
    for (const operation of ['increment', 'decrement']) {
      expectRuleViolation(await change(keyId, operation));
      expectRuleViolation(await change(keyId, operation, null));
      expectRuleViolation(await change(unlimited.keyId, operation, 1));
    }
    assert.deepEqual((await world.get(keyId)).credits, { remaining: 5 });
  });
  it('UC-09 UC-10 forbids without the right and finds no foreign or absent key', async () => {
    const { keyId } = await limited(5);
    const other = await world.api();
    for (const grants of [[], ['api.*.create_key'], [`api.${other}.update_key`]]) {
      expectForbidden(await change(keyId, 'set', 1, await world.callerWith(...grants)));
    }
    const foreign = await world.otherWorkspace('api.*.update_key');
    expectNotFound(await change(keyId, 'set', 1, foreign.caller), 'key');
    expectNotFound(await change('key_absent00', 'set', 1), 'key');
    assert.deepEqual((await world.get(keyId)).credits, { remaining: 5 });
  });
  it('UC-11 answers with the refill', async () => {
    const { keyId } = await limited(5, refill);
    assert.deepEqual(expectOk(await change(keyId, 'increment', 1)), { remaining: 6, refill });
    const daily = await limited(5, { interval: 'daily', amount: 9 });
    assert.deepEqual(expectOk(await change(daily.keyId, 'set', 0)), { remaining: 0, refill: { interval: 'daily', amount: 9 } });
  });
  it('12.18 counts as an update', async () => {
    const { keyId } = await limited(5);
    expectOk(await change(keyId, 'set', 1));
    assert.ok((await world.get(keyId)).updatedAt > 0);
  });
  it('loses none of many parallel changes', async () => {
    const { keyId, key } = await limited(0);
    await Promise.all(Array.from({ length: 30 }, () => change(keyId, 'increment', 10)));
    const codes = await Promise.all(Array.from({ length: 40 }, (_, i) =>
      (i % 4 === 0 ? change(keyId, 'increment', 1).then(() => 'increment') : world.verify(key).then((answer) => answer.data.code))));
    const spent = codes.filter((code) => code === 'VALID').length;
    assert.equal(spent, 30);
    assert.equal((await world.get(keyId)).credits.remaining, 300 + 10 - spent);
  });
  it('XX-01 E2E-04 is seen by reads and verifications in turn', async () => {
    const { keyId, key } = await world.key();
    assert.ok(!('credits' in expectCode(await world.verify(key), 'VALID')));
    expectOk(await change(keyId, 'set', 1));
    assert.equal(expectCode(await world.verify(key), 'VALID').credits, 0);
    assert.equal(expectCode(await world.verify(key), 'USAGE_EXCEEDED').credits, 0);
    expectOk(await change(keyId, 'increment', 5));
    assert.equal(expectCode(await world.verify(key), 'VALID').credits, 4);
    expectOk(await change(keyId, 'decrement', 2));
    assert.deepEqual((await world.get(keyId)).credits, { remaining: 2 });
    expectOk(await change(keyId, 'set', null));
    assert.ok(!('credits' in await world.get(keyId)));
  });
});

describe('keys.whoami', () => {
  const whoami = (key, caller = world.admin) => caller.call('keys.whoami', { key });

  it('WA-01 WA-03 WA-08 E2E-06 shows what getKey shows', async () => {
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role, permissions: [unique('in.role')] });
    const variants = [
      {}, { meta: { deep: { er: [1, null, 'x'] } } }, { expires: Date.now() + 99_999 }, { enabled: false },
      { credits: { remaining: 1, refill: { interval: 'daily', amount: 2 } } },
      { credits: { remaining: 1, refill: { interval: 'monthly', amount: 2, refillDay: 30 } } },
      { roles: [role], permissions: ['z.last', 'a.first'] }, { externalId: unique('customer'), name: 'named' },
      { ratelimits: [{ name: 'second', limit: 1, duration: 1000, autoApply: true }, { name: 'first', limit: 2, duration: 2000, autoApply: false }] },
    ];
    for (const fields of variants) {
      const { keyId, key } = await world.key(fields);
      const shown = expectOk(await whoami(key));
      assert.deepEqual(shown, await world.get(keyId));
      assert.ok(!('plaintext' in shown));
      if (shown.permissions) assert.deepEqual(shown.permissions, [...shown.permissions].sort());
    }
    assert.deepEqual(members(expectOk(await whoami((await world.key()).key))), ['createdAt', 'enabled', 'keyId', 'start']);
  });
  it('WA-02 takes a grant by URN', async () => {
    const { keyId, key } = await world.key();
    expectOk(await whoami(key, await world.callerWith(`unkey:v1:${world.workspaceId}:keyspaces/*/keys/${keyId}#read_key`)));
  });
  it('WA-04 refuses an empty, missing or overlong key', async () => {
    expectInvalid(await whoami(''), '/properties/key/minLength');
    expectInvalid(await world.admin.call('keys.whoami', {}), '/required');
    expectInvalid(await whoami('k'.repeat(513)), '/properties/key/maxLength');
  });
  it('WA-05 finds no unknown, deleted or root key', async () => {
    expectNotFound(await whoami('nobody_has_this'), 'key');
    expectNotFound(await whoami(world.server.rootKey), 'key');
    const { keyId, key } = await world.key();
    await world.admin.ok('keys.deleteKey', { keyId });
    expectNotFound(await whoami(key), 'key');
  });
  it('WA-06 masks a missing right', async () => {
    const { key } = await world.key();
    const other = await world.api();
    const absent = expectNotFound(await whoami('nobody_has_this'), 'key').detail;
    const callers = [await world.callerWith(), await world.callerWith('api.*.create_key'),
      await world.callerWith(`api.${other}.read_key`), (await world.otherWorkspace()).caller];
    for (const caller of callers) assert.equal(expectNotFound(await whoami(key, caller), 'key').detail, absent);
  });
});
