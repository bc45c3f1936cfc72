// keys.createKey (CK-*) and how secrets look (KG*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { base58Bytes } from './lib/base58.mjs';
import { expectCode, expectError, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
let apiId;
before(async () => {
  world = await World.start();
  apiId = await world.api();
});
after(() => world.stop());

describe('keys.createKey', () => {
  const create = (fields, caller = world.admin) => caller.call('keys.createKey', { apiId, ...fields });
  const made = async (fields) => expectOk(await create(fields));
  const read = async (fields) => world.get((await made(fields)).keyId);

  it('CK-01 CK-16 makes a key of 16 random bytes', async () => {
    const data = await made({});
    assert.deepEqual(Object.keys(data).sort(), ['key', 'keyId']);
    assert.match(data.keyId, /^key_[A-Za-z0-9]{9}$/);
    assert.equal(base58Bytes(data.key), 16);
    expectCode(await world.verify(data.key), 'VALID');
  });
  it('CK-02 takes a grant by URN', async () => {
    const ws = world.workspaceId;
    expectOk(await create({}, await world.callerWith(`unkey:v1:${ws}:keyspaces/*#create_key`)));
    expectNotFound(await create({}, await world.callerWith('unkey:v1:ws_elsewhere:keyspaces/*#create_key')), 'api');
  });
  it('CK-03 takes create_key for all APIs or for this one', async () => {
    expectOk(await create({}, await world.callerWith('api.*.create_key')));
    expectOk(await create({}, await world.callerWith(`api.${apiId}.create_key`)));
  });
  it('CK-04 stores every member as sent', async () => {
    const expires = Date.now() + 3_600_000;
    const ratelimits = [
      { name: 'first', limit: 1, duration: 1000, autoApply: true },
      { name: 'second', limit: 1_000_000, duration: 2_592_000_000, autoApply: false },
    ];
    const fields = {
      name: 'all members', meta: { deep: { er: [{}] }, n: 1.5 }, expires, enabled: false,
      credits: { remaining: 3, refill: { interval: 'daily', amount: 3 } }, ratelimits,
      roles: [], permissions: [unique('p')], externalId: unique('customer'),
    };
    const key = await read(fields);
    for (const name of ['name', 'meta', 'expires', 'enabled', 'credits', 'permissions']) {
      assert.deepEqual(key[name], fields[name], name);
    }
    assert.deepEqual(key.ratelimits.map(({ id, ...rest }) => rest), ratelimits);
    assert.equal(key.identity.externalId, fields.externalId);
    assert.ok(Math.abs(key.createdAt - Date.now()) < 600_000);
  });
  it('CK-05 CK-15 CK-34 KG1 KG2 puts the prefix before the secret', async () => {
    const data = await made({ prefix: 'sk', byteLength: 24 });
    assert.ok(data.key.startsWith('sk_'));
    assert.equal(base58Bytes(data.key.slice(3)), 24);
    assert.equal((await world.get(data.keyId)).start, data.key.slice(0, 7));
    assert.equal(base58Bytes((await made({ byteLength: 255 })).key), 255);
    const under = await made({ prefix: 'my_long_prefix' });
    assert.equal((await world.get(under.keyId)).start, under.key.slice(0, 'my_long_prefix_'.length + 4));
  });
  it('KG1 shows four characters of a key without prefix', async () => {
    const data = await made({});
    assert.equal((await world.get(data.keyId)).start, data.key.slice(0, 4));
  });
  it('KG3 makes distinct keys', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => made({})));
    assert.equal(new Set(answers.map((data) => data.key)).size, 200);
    assert.equal(new Set(answers.map((data) => data.keyId)).size, 200);
  });
  it('KG4 KG5 finds a key by its text each time, and takes no empty one', async () => {
    const { keyId, key } = await made({});
    for (let i = 0; i < 3; i += 1) assert.equal(expectCode(await world.verify(key), 'VALID').keyId, keyId);
    expectInvalid(await world.verify(''), '/properties/key/minLength');
    expectError(await world.admin.call('keys.verifyKey', { key }, { Authorization: 'Bearer ' }), 400, 'unkey/authentication/malformed');
  });
  it('CK-06 stores a disabled key', async () => {
    expectCode(await world.verify((await made({ enabled: false })).key), 'DISABLED');
  });
  it('CK-09 shares one new identity among parallel keys', async () => {
    const externalId = unique('shared');
    const keys = await Promise.all(Array.from({ length: 20 }, () => made({ externalId })));
    const ids = new Set();
    for (const { keyId } of keys) ids.add((await world.get(keyId)).identity.id);
    assert.equal(ids.size, 1);
  });
  it('CK-10 takes remaining null as unlimited', async () => {
    assert.ok(!('credits' in await read({ credits: { remaining: null } })));
  });
  it('CK-11 CK-35 refuses a refill of an unlimited key', async () => {
    const error = expectRuleViolation(await create({ credits: { remaining: null, refill: { interval: 'daily', amount: 5 } } }));
    assert.match(error.detail, /credits\.remaining/);
  });
  it('CK-17 links roles and creates permissions', async () => {
    const role = unique('role');
    const inRole = unique('in.role');
    const direct = unique('direct');
    await world.admin.ok('permissions.createRole', { name: role, permissions: [inRole] });
    const key = await read({ roles: [role], permissions: [direct] });
    assert.deepEqual(key.roles, [role]);
    assert.deepEqual(key.permissions, [direct, inRole].sort());
    const again = await world.admin.call('permissions.createPermission', { name: 'again', slug: direct });
    expectError(again, 409, 'unkey/data/permission_already_exists');
  });
  it('CK-18 refuses an unknown role, by name, and creates nothing', async () => {
    const error = expectNotFound(await create({ apiId, roles: ['no such role'], externalId: 'untouched' }), 'role');
    assert.match(error.detail, /no such role/);
    assert.deepEqual(expectOk(await world.listKeys(apiId, { externalId: 'untouched' })), []);
  });
  it('CK-19 CK-30 CK-31 CK-32 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('keys.createKey', {}), '/required');
    for (const [fields, location] of [
      [{ apiId: '' }, '/properties/apiId/minLength'], [{ apiId: 'ab' }, '/properties/apiId/minLength'],
      [{ apiId: 'a-b-c' }, '/properties/apiId/pattern'],
      [{ byteLength: 15 }, '/properties/byteLength/minimum'], [{ byteLength: 256 }, '/properties/byteLength/maximum'],
      [{ prefix: 'p'.repeat(17) }, '/properties/prefix/maxLength'], [{ prefix: '' }, '/properties/prefix/minLength'],
      [{ prefix: 'a b' }, '/properties/prefix/pattern'], [{ prefix: 'a-b' }, '/properties/prefix/pattern'],
      [{ expires: -1 }, '/properties/expires/minimum'], [{ expires: 1.5 }, '/properties/expires/type'],
      [{ expires: 4102444800001 }, '/properties/expires/maximum'],
      [{ permissions: [''] }, '/items/minLength'], [{ roles: [''] }, '/items/minLength'],
      [{ permissions: ['p'.repeat(129)] }, '/items/maxLength'], [{ roles: ['r'.repeat(129)] }, '/items/maxLength'],
      [{ permissions: ['a b'] }, '/items/pattern'], [{ name: '' }, '/properties/name/minLength'],
      [{ name: 'n'.repeat(256) }, '/properties/name/maxLength'], [{ externalId: 'a b' }, '/properties/externalId/pattern'],
      [{ credits: {} }, '/required'], [{ credits: { remaining: -1 } }, '/minimum'], [{ meta: [] }, '/properties/meta/type'],
      [{ credits: { remaining: 1, refill: { interval: 'weekly', amount: 1 } } }, '/enum'],
      [{ credits: { remaining: 1, refill: { interval: 'monthly', amount: 1, refillDay: 32 } } }, '/maximum'],
      [{ ratelimits: [{ name: 'ab', limit: 1, duration: 1000, autoApply: true }] }, '/minLength'],
      [{ ratelimits: [{ name: 'abc', limit: 0, duration: 1000, autoApply: true }] }, '/properties/limit/minimum'],
      [{ ratelimits: [{ name: 'abc', limit: 1, duration: 999, autoApply: true }] }, '/properties/duration/minimum'],
      [{ meta: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, i])) }, '/maxProperties'],
    ]) {
      expectInvalid(await create(fields), location);
    }
  });
  it('1.6 names the wrong element of an array in its message', async () => {
    const ratelimits = [
      { name: 'good', limit: 1, duration: 1000, autoApply: true }, { name: 'bad', limit: 1, duration: 5, autoApply: true },
    ];
    const [entry] = expectInvalid(await create({ ratelimits }), '/properties/ratelimits/items/properties/duration/minimum');
    assert.match(entry.message, /1/);
  });
  it('CK-20 CK-23 masks a missing right, for every state of the API', async () => {
    const deleted = await world.api();
    await world.admin.ok('apis.deleteApi', { apiId: deleted });
    const absent = expectNotFound(await create({ apiId: 'api_absent00' }), 'api');
    for (const grants of [[], ['api.*.read_key'], [`api.${deleted}.create_key`]]) {
      const caller = await world.callerWith(...grants);
      for (const id of [apiId, deleted, 'api_absent00']) {
        assert.equal(expectNotFound(await create({ apiId: id }, caller), 'api').detail, absent.detail);
      }
    }
  });
  it('CK-21 masks a missing right to encrypt', async () => {
    const answer = await create({ recoverable: true }, await world.callerWith('api.*.create_key'));
    assert.ok([404, 412].includes(answer.status), `without a vault for keys 412, else 404; got ${answer.text}`);
  });
  it('CK-22 finds no absent or foreign API', async () => {
    expectNotFound(await create({ apiId: 'abc' }), 'api');
    expectNotFound(await create({ apiId: 'api_absent00' }), 'api');
    expectNotFound(await create({}, (await world.otherWorkspace()).caller), 'api');
  });
  it('CK-24 CK-25 answers recoverable with 412', async () => {
    expectError(await create({ recoverable: true }), 412, 'unkey/application/precondition_failed');
  });
  it('CK-26 CK-35 wants a day for a monthly refill and drops it for a daily one', async () => {
    expectRuleViolation(await create({ credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } } }));
    const key = await read({ credits: { remaining: 1, refill: { interval: 'daily', amount: 9, refillDay: 3 } } });
    assert.deepEqual(key.credits, { remaining: 1, refill: { interval: 'daily', amount: 9 } });
  });
  it('CK-28 takes an instant in the past, and 0', async () => {
    expectCode(await world.verify((await made({ expires: Date.now() - 1 })).key), 'EXPIRED');
    const epoch = await made({ expires: 0 });
    expectCode(await world.verify(epoch.key), 'EXPIRED');
    assert.ok(!('expires' in await world.get(epoch.keyId)));
  });
  it('CK-29 keeps the later of two ratelimits of one name', async () => {
    const key = await read({ ratelimits: [
      { name: 'same', limit: 1, duration: 1000, autoApply: false }, { name: 'same', limit: 2, duration: 2000, autoApply: true },
    ] });
    assert.deepEqual(key.ratelimits.map(({ id, ...rest }) => rest), [{ name: 'same', limit: 2, duration: 2000, autoApply: true }]);
  });
  it('CK-33 keeps nulls inside meta', async () => {
    const meta = { a: null, b: { c: null }, d: [null] };
    assert.deepEqual((await read({ meta })).meta, meta);
  });
  it('1.2 keeps numbers, texts and order-free structure of meta as sent', async () => {
    const meta = { big: 9007199254740991, small: -0.000001, text: 'ÿ🔑\u0001"\\', t: true, f: false, empty: {}, none: [] };
    assert.deepEqual((await read({ meta })).meta, meta);
  });
});
