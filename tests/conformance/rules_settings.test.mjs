// apis.updateSettings and apis.getSettings, which are keyfold's own, and what the settings do (CK-12 to CK-16, DA-08).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { base58Bytes } from './lib/base58.mjs';
import { eventsTail } from './lib/cli.mjs';
import { expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const update = (apiId, fields, caller = world.admin) => caller.call('apis.updateSettings', { apiId, ...fields });
const settings = (apiId, caller = world.admin) => caller.call('apis.getSettings', { apiId });

async function apiWith(fields) {
  const apiId = await world.api();
  assert.deepEqual(expectOk(await update(apiId, fields)), {});
  return apiId;
}

describe('settings', () => {
  const NONE = { deleteProtection: false, ipAllowlist: [], storeEncryptedKeys: false };

  it('are all off at first', async () => {
    const apiId = await world.api();
    assert.deepEqual(expectOk(await settings(apiId)), { apiId, ...NONE });
  });
  it('change member by member', async () => {
    const apiId = await apiWith({ deleteProtection: true, ipAllowlist: ['2001:DB8::1', '192.0.2.7', '192.0.2.7'] });
    await world.admin.ok('apis.updateSettings', { apiId, storeEncryptedKeys: true, defaultPrefix: 'live', defaultByteLength: 24 });
    assert.deepEqual(expectOk(await settings(apiId)), {
      apiId, deleteProtection: true, ipAllowlist: ['192.0.2.7', '2001:db8::1'], storeEncryptedKeys: true,
      defaultPrefix: 'live', defaultByteLength: 24,
    });
    expectOk(await update(apiId, {
      deleteProtection: false, ipAllowlist: [], storeEncryptedKeys: false, defaultPrefix: null, defaultByteLength: null,
    }));
    assert.deepEqual(expectOk(await settings(apiId)), { apiId, ...NONE });
  });
  it('write nothing when nothing changes', async () => {
    const apiId = await apiWith({ defaultPrefix: 'live' });
    const caused = async (answer) => (await eventsTail(world.server)).filter((event) => event.requestId === answer.body.meta.requestId);
    const same = await update(apiId, { defaultPrefix: 'live', deleteProtection: false });
    expectOk(same);
    assert.deepEqual(await caused(same), []);
    const changes = await update(apiId, { defaultPrefix: 'live', deleteProtection: true });
    assert.deepEqual((await caused(changes)).map(({ type, payload }) => [type, payload]), [['ApiUpdated', { apiId, deleteProtection: true }]]);
  });
  it('refuse what is out of bounds', async () => {
    const apiId = await world.api();
    for (const [fields, location] of [
      [{ defaultPrefix: '' }, '/defaultPrefix/minLength'], [{ defaultPrefix: 'p'.repeat(9) }, '/defaultPrefix/maxLength'],
      [{ defaultPrefix: 'a b' }, '/defaultPrefix/pattern'], [{ defaultByteLength: 15 }, '/defaultByteLength/minimum'],
      [{ defaultByteLength: 256 }, '/defaultByteLength/maximum'], [{ storeEncryptedKeys: null }, '/storeEncryptedKeys/type'],
      [{ ipAllowlist: Array(101).fill('::1') }, '/ipAllowlist/maxItems'], [{ more: 1 }, '/additionalProperties'],
    ]) {
      expectInvalid(await update(apiId, fields), location);
    }
    for (const address of ['192.0.2', '192.0.2.256', '10.0.0.0/8', 'localhost', ':::1', '1.2.3.4 ', '1.2.3.4\u0000']) {
      assert.match(expectRuleViolation(await update(apiId, { ipAllowlist: ['::1', address] })).detail, /ipAllowlist\[1\]/);
    }
    assert.deepEqual(expectOk(await settings(apiId)), { apiId, ...NONE });
  });
  it('need update_api to change and read_api to read, before the API is looked up', async () => {
    const apiId = await world.api();
    for (const id of [apiId, 'api_absent00']) {
      expectForbidden(await update(id, {}, await world.callerWith('api.*.read_api', `api.${apiId}x.update_api`)));
      expectForbidden(await settings(id, await world.callerWith('api.*.update_api')));
    }
    expectOk(await update(apiId, {}, await world.callerWith('api.*.update_api')));
    expectOk(await update(apiId, {}, await world.callerWith(`api.${apiId}.update_api`)));
    expectOk(await settings(apiId, await world.callerWith(`api.${apiId}.read_api`)));
  });
  it('are not found for absent, foreign and deleted APIs', async () => {
    const { caller } = await world.otherWorkspace();
    const deleted = await world.api();
    await world.admin.ok('apis.deleteApi', { apiId: deleted });
    for (const [apiId, by] of [['api_absent00', world.admin], [deleted, world.admin], [await world.api(), caller]]) {
      expectNotFound(await update(apiId, { deleteProtection: true }, by), 'api');
      expectNotFound(await settings(apiId, by), 'api');
    }
  });
});

describe('keys.createKey', () => {
  it('CK-12 takes the prefix of the keyspace', async () => {
    const { keyId, key } = await world.key({ apiId: await apiWith({ defaultPrefix: 'live' }) });
    assert.match(key, /^live_/);
    assert.match((await world.get(keyId)).start, /^live_.{4}$/);
  });
  it('CK-13 takes the length of the keyspace', async () => {
    const { key } = await world.key({ apiId: await apiWith({ defaultByteLength: 40 }) });
    assert.equal(base58Bytes(key), 40);
  });
  it('CK-14 CK-15 takes both, and the request before either', async () => {
    const apiId = await apiWith({ defaultPrefix: 'live', defaultByteLength: 40 });
    const both = (await world.key({ apiId })).key.split('_');
    assert.deepEqual([both[0], base58Bytes(both[1])], ['live', 40]);
    const own = (await world.key({ apiId, prefix: 'test', byteLength: 20 })).key.split('_');
    assert.deepEqual([own[0], base58Bytes(own[1])], ['test', 20]);
  });
  it('CK-16 takes 16 bytes otherwise', async () => {
    const { key } = await world.key();
    assert.equal(base58Bytes(key), 16);
  });
});

describe('apis.deleteApi', () => {
  it('DA-08 refuses a protected API, which lives on', async () => {
    const apiId = await apiWith({ deleteProtection: true });
    const { key } = await world.key({ apiId });
    expectError(await world.admin.call('apis.deleteApi', { apiId }), 412, 'unkey/application/protected_resource', 'Resource is protected');
    expectOk(await world.admin.call('apis.getApi', { apiId }));
    assert.equal(expectOk(await world.verify(key)).code, 'VALID');
    expectForbidden(await world.admin.call('apis.deleteApi', { apiId },
      { Authorization: `Bearer ${(await world.callerWith()).rootKey}` }));
    expectOk(await update(apiId, { deleteProtection: false }));
    expectOk(await world.admin.call('apis.deleteApi', { apiId }));
  });
});
