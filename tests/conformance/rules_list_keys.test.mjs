// apis.listKeys (LK-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, members } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('apis.listKeys', () => {
  const list = (body, caller = world.admin) => caller.call('apis.listKeys', body);

  async function apiWith(count, fields = {}) {
    const apiId = await world.api();
    const keyIds = [];
    for (let i = 0; i < count; i += 1) keyIds.push((await world.key({ ...fields, apiId })).keyId);
    return { apiId, keyIds: keyIds.sort() };
  }
  async function onlyRow(fields) {
    const { apiId } = await world.key(fields);
    const rows = expectOk(await list({ apiId }));
    assert.equal(rows.length, 1);
    return rows[0];
  }

  it('LK-01 LK-08 LK-31 lists all keys in the order of their ids', async () => {
    const { apiId, keyIds } = await apiWith(4);
    const answer = await list({ apiId });
    assert.deepEqual(expectOk(answer).map((row) => row.keyId), keyIds);
    assert.deepEqual(answer.body.pagination, { hasMore: false });
  });
  it('LK-02 LK-03 pages without overlap and gap', async () => {
    const { apiId, keyIds } = await apiWith(7);
    const seen = [];
    let cursor;
    for (let page = 0; page < 10; page += 1) {
      const answer = await list({ apiId, limit: 3, cursor });
      seen.push(...expectOk(answer).map((row) => row.keyId));
      cursor = answer.body.pagination.cursor;
      assert.equal(answer.body.pagination.hasMore, cursor !== undefined);
      if (cursor === undefined) break;
      assert.ok(cursor.length > 0);
    }
    assert.deepEqual(seen, keyIds);
  });
  it('LK-04 LK-05 LK-27 filters by customer, and finds none of an unknown one', async () => {
    const { apiId } = await apiWith(2);
    const externalId = unique('customer');
    const mine = await world.key({ apiId, externalId });
    assert.deepEqual(expectOk(await list({ apiId, externalId })).map((row) => row.keyId), [mine.keyId]);
    const none = await list({ apiId, externalId: 'nobody' });
    assert.deepEqual(expectOk(none), []);
    assert.deepEqual(none.body.pagination, { hasMore: false });
    assert.equal(expectOk(await list({ apiId })).length, 3);
  });
  it('LK-06 LK-07 LK-11 shows meta, identity and ratelimits', async () => {
    const externalId = unique('customer');
    const meta = { a: { b: [1, null, 'x'] } };
    const ratelimits = [{ name: 'requests', limit: 10, duration: 1000, autoApply: false }];
    const row = await onlyRow({ meta, externalId, ratelimits });
    assert.deepEqual(row.meta, meta);
    assert.equal(row.identity.externalId, externalId);
    assert.match(row.identity.id, /^id_/);
    assert.match(row.ratelimits[0].id, /^rl_/);
    assert.deepEqual({ ...row.ratelimits[0], id: undefined }, { ...ratelimits[0], id: undefined });
  });
  it('LK-09 lists nothing of an API without keys', async () => {
    assert.deepEqual(expectOk(await list({ apiId: await world.api() })), []);
  });
  it('LK-10 LK-29 shows of a bare key its id, start, state and time', async () => {
    assert.deepEqual(members(await onlyRow({})), ['createdAt', 'enabled', 'keyId', 'start']);
    assert.deepEqual(members(await onlyRow({ name: 'named' })), ['createdAt', 'enabled', 'keyId', 'name', 'start']);
  });
  it('LK-13 LK-18 refuses bad ids, limits and customers', async () => {
    const apiId = await world.api();
    expectInvalid(await list({}), '/required');
    expectInvalid(await list({ apiId: '' }), '/properties/apiId/minLength');
    expectInvalid(await list({ apiId, limit: 0 }), '/properties/limit/minimum');
    expectInvalid(await list({ apiId, limit: -1 }), '/properties/limit/minimum');
    expectInvalid(await list({ apiId, limit: 999999 }), '/properties/limit/maximum');
    expectInvalid(await list({ apiId, externalId: '' }), '/properties/externalId/minLength');
    assert.equal(expectInvalid(await list({ apiId: '', limit: 0, externalId: '' })).length, 3);
  });
  it('LK-14 LK-24 does not find ids of an odd form', async () => {
    for (const apiId of ['not-an-id!', 'x', 'api_absent00', `a\u0000b${'c'.repeat(500)}`, 'a/b?c=d']) {
      expectNotFound(await list({ apiId }), 'api');
    }
  });
  it('LK-15 LK-29 takes any cursor', async () => {
    const { apiId } = await apiWith(1);
    expectOk(await list({ apiId, cursor: 'nonsense' }));
  });
  it('LK-16 takes limits from 1 to 100', async () => {
    const apiId = await world.api();
    for (const limit of [1, 50, 100]) expectOk(await list({ apiId, limit }));
    expectInvalid(await list({ apiId, limit: 101 }), '/properties/limit/maximum');
  });
  it('LK-17 shows no plaintext unless asked', async () => {
    const { apiId } = await apiWith(1);
    assert.ok(!('plaintext' in expectOk(await list({ apiId, decrypt: false }))[0]));
  });
  it('LK-19 LK-20 LK-30 masks a missing right as an absent API', async () => {
    const { apiId } = await apiWith(1);
    const other = await world.api();
    const absent = expectNotFound(await list({ apiId: 'api_absent00' }), 'api');
    for (const grants of [[], ['api.*.read_key'], ['api.*.read_api'], [`api.${other}.read_key`, `api.${other}.read_api`]]) {
      const masked = expectNotFound(await list({ apiId }, await world.callerWith(...grants)), 'api');
      assert.equal(masked.detail, absent.detail);
    }
    expectOk(await list({ apiId }, await world.callerWith('api.*.read_key', 'api.*.read_api')));
    expectOk(await list({ apiId }, await world.callerWith(`api.${apiId}.read_key`, `api.${apiId}.read_api`)));
  });
  it('LK-21 forbids decrypt without the right', async () => {
    const { apiId } = await apiWith(1);
    expectForbidden(await list({ apiId, decrypt: true }, await world.callerWith('api.*.read_key', 'api.*.read_api')));
  });
  it('LK-25 answers decrypt with 412 where nothing is encrypted', async () => {
    const { apiId } = await apiWith(1);
    expectError(await list({ apiId, decrypt: true }), 412, 'unkey/application/precondition_failed', 'Precondition Failed');
  });
  it('LK-23 takes grants by URN, both or none', async () => {
    const { apiId } = await apiWith(1);
    const ws = world.workspaceId;
    const keys = `unkey:v1:${ws}:keyspaces/*/keys/*#read_key`;
    const keyspace = `unkey:v1:${ws}:keyspaces/*#read_keyspace`;
    expectOk(await list({ apiId }, await world.callerWith(keys, keyspace)));
    expectNotFound(await list({ apiId }, await world.callerWith(keys)), 'api');
    expectNotFound(await list({ apiId }, await world.callerWith(keyspace)), 'api');
  });
  it('LK-26 leaves deleted keys out', async () => {
    const { apiId, keyIds } = await apiWith(3);
    await world.admin.ok('keys.deleteKey', { keyId: keyIds[0] });
    await world.admin.ok('keys.deleteKey', { keyId: keyIds[1], permanent: true });
    assert.deepEqual(expectOk(await list({ apiId })).map((row) => row.keyId), [keyIds[2]]);
  });
  it('LK-28 finds no foreign API', async () => {
    const { apiId } = await apiWith(1);
    expectNotFound(await list({ apiId }, (await world.otherWorkspace()).caller), 'api');
  });
});
