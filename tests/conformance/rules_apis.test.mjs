// apis.createApi (CA-*), apis.getApi (GA-*), apis.deleteApi (DA-*).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('apis.createApi', () => {
  const create = (body, caller = world.admin) => caller.call('apis.createApi', body);
  const nameOf = async (apiId) => (await world.admin.ok('apis.getApi', { apiId })).name;

  it('CA-01 creates an API of that name', async () => {
    const { apiId } = expectOk(await create({ name: 'first' }));
    assert.match(apiId, /^api_[A-Za-z0-9]{9}$/);
    assert.equal(await nameOf(apiId), 'first');
  });
  it('CA-02 gives each its own id', async () => {
    const ids = new Set();
    for (const name of ['one', 'two', 'three']) ids.add(expectOk(await create({ name })).apiId);
    assert.equal(ids.size, 3);
  });
  it('CA-03 takes 256 characters, and not one more', async () => {
    expectOk(await create({ name: 'n'.repeat(256) }));
    expectInvalid(await create({ name: 'n'.repeat(257) }), '/properties/name/maxLength');
  });
  it('CA-03 counts characters, not bytes', async () => { expectOk(await create({ name: '🔑'.repeat(256) })); });
  it('CA-04 takes a UUID as name', async () => { expectOk(await create({ name: randomUUID() })); });
  it('CA-05 lets names repeat', async () => {
    const first = expectOk(await create({ name: 'twice' })).apiId;
    assert.notEqual(expectOk(await create({ name: 'twice' })).apiId, first);
  });
  it('CA-07 names the keyword that a short name breaks', async () => {
    expectInvalid(await create({ name: 'ab' }), '/properties/name/minLength');
  });
  it('CA-08 CA-09 CA-11 refuses a missing name, an empty one, and more than a name', async () => {
    expectInvalid(await create({}), '/required');
    expectInvalid(await create({ name: '' }), '/properties/name/minLength');
    expectInvalid(await create({ name: 'good', owner: 'x' }), '/additionalProperties');
  });
  it('CA-10 refuses broken JSON', async () => { expectInvalid(await world.admin.raw('apis.createApi', '{"name":"abc"')); });
  it('CA-12 CA-14 forbids without the right', async () => {
    expectForbidden(await create({ name: 'none' }, await world.callerWith()));
    expectForbidden(await create({ name: 'none' }, await world.callerWith('api.*.read_api')));
    expectForbidden(await create({ name: 'none' }, await world.callerWith('rbac.*.create_role', 'identity.*.create_identity')));
  });
  it('CA-13 needs api.*.create_api alone, or among others', async () => {
    expectOk(await create({ name: 'alone' }, await world.callerWith('api.*.create_api')));
    expectOk(await create({ name: 'among' }, await world.callerWith('api.*.read_api', 'api.*.create_api', 'rbac.*.create_role')));
  });
  it('CA-15 takes a name with blanks', async () => {
    assert.equal(await nameOf(expectOk(await create({ name: ' my  api ' })).apiId), ' my  api ');
  });
});

describe('apis.getApi', () => {
  const get = (apiId, caller = world.admin) => caller.call('apis.getApi', { apiId });

  it('GA-01 GA-04 gives id and name at once', async () => {
    const apiId = await world.api();
    const data = expectOk(await get(apiId));
    assert.deepEqual(Object.keys(data).sort(), ['id', 'name']);
    assert.equal(data.id, apiId);
  });
  it('GA-02 needs read_api, for all or for this one', async () => {
    const apiId = await world.api();
    expectOk(await get(apiId, await world.callerWith('api.*.read_api')));
    expectOk(await get(apiId, await world.callerWith(`api.${apiId}.read_api`)));
    expectOk(await get(apiId, await world.callerWith('api.*.read_api', `api.${apiId}.read_api`, 'rbac.*.create_role')));
  });
  it('GA-03 returns any name byte for byte', async () => {
    for (const name of ['x'.repeat(256), '!"§$%&/()=?`´\\\'', 'Ünïcødé 名前', '🔑🗝️ keys', 'a\u0000b\nc', '</script>']) {
      const { apiId } = await world.admin.ok('apis.createApi', { name });
      assert.equal(expectOk(await get(apiId)).name, name);
    }
  });
  it('GA-05 refuses a missing and an empty id before it looks at rights', async () => {
    for (const caller of [world.admin, await world.callerWith()]) {
      expectInvalid(await caller.call('apis.getApi', {}), '/required');
      expectInvalid(await get('', caller), '/properties/apiId/minLength');
    }
  });
  it('GA-06 forbids callers without the right, whether the API exists or not', async () => {
    const apiId = await world.api();
    const other = await world.api();
    for (const grants of [[], ['api.*.create_api'], [`api.${other}.read_api`], [`api.${other}.read_api`, 'api.*.read_key']]) {
      const caller = await world.callerWith(...grants);
      expectForbidden(await get(apiId, caller));
      expectForbidden(await get('api_absent00', caller));
    }
  });
  it('GA-07 GA-08 GA-10 does not find absent and foreign ones', async () => {
    expectNotFound(await get('api_absent00'), 'api');
    const apiId = await world.api();
    const { caller } = await world.otherWorkspace('api.*.read_api');
    expectNotFound(await get(apiId, caller), 'api');
  });
  it('GA-10 forbids a caller of another workspace without the right', async () => {
    const { caller } = await world.otherWorkspace('api.*.create_api');
    expectForbidden(await get(await world.api(), caller));
  });
});

describe('apis.deleteApi', () => {
  const remove = (apiId, caller = world.admin) => caller.call('apis.deleteApi', { apiId });

  it('DA-01 DA-03 DA-09 GA-09 deletes an API, which is not found from then on', async () => {
    const apiId = await world.api();
    assert.deepEqual(expectOk(await remove(apiId)), {});
    expectNotFound(await world.admin.call('apis.getApi', { apiId }), 'api');
  });
  it('DA-02 XX-06 ends its keys at once, for verification and for management', async () => {
    const { apiId, keyId, key } = await world.key({ credits: { remaining: 5 } });
    expectCode(await world.verify(key), 'VALID');
    expectOk(await remove(apiId));
    expectCode(await world.verify(key), 'NOT_FOUND');
    for (const operation of ['keys.getKey', 'keys.updateKey', 'keys.deleteKey']) {
      expectNotFound(await world.admin.call(operation, { keyId }), 'key');
    }
  });
  it('DA-04 refuses a missing and a short id', async () => {
    expectInvalid(await world.admin.call('apis.deleteApi', {}), '/required');
    expectInvalid(await remove('api_1'), '/properties/apiId/minLength');
  });
  it('DA-05 forbids without delete_api for it', async () => {
    const apiId = await world.api();
    expectForbidden(await remove(apiId, await world.callerWith()));
    expectForbidden(await remove(apiId, await world.callerWith(`api.${await world.api()}.delete_api`)));
    expectOk(await world.admin.call('apis.getApi', { apiId }));
    expectOk(await remove(apiId, await world.callerWith(`api.${apiId}.delete_api`)));
  });
  it('DA-06 does not find a foreign one', async () => {
    const apiId = await world.api();
    expectNotFound(await remove(apiId, (await world.otherWorkspace('api.*.delete_api')).caller), 'api');
    expectForbidden(await remove(apiId, (await world.otherWorkspace('api.*.read_api')).caller));
    expectOk(await world.admin.call('apis.getApi', { apiId }));
  });
  it('DA-07 DA-10 does not find absent ones, or a deleted one again', async () => {
    expectNotFound(await remove('api_absent00'), 'api');
    const apiId = await world.api();
    expectOk(await remove(apiId));
    for (let i = 0; i < 3; i += 1) expectNotFound(await remove(apiId), 'api');
  });
  it('DA-11 ends listKeys too', async () => {
    const apiId = await world.api();
    expectOk(await remove(apiId));
    expectNotFound(await world.listKeys(apiId), 'api');
  });
  it('keyfold creates no key in a deleted API', async () => {
    const apiId = await world.api();
    expectOk(await remove(apiId));
    expectNotFound(await world.admin.call('keys.createKey', { apiId }), 'api');
  });
});
