// keys.migrateKeys (MG-*), keys.verifyKey with a migration (VK-32, PF1, PF2), and migrations, which are keyfold's own.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
let apiId;
let native;    // a migration of hashes of our own form
let prefixed;  // one of keys in the form of the npm package prefixed-api-key
before(async () => {
  world = await World.start();
  apiId = await world.api();
  native = await migration('sha256');
  prefixed = await migration('prefixed_api_key');
});
after(() => world.stop());

async function migration(algorithm, caller = world.admin) {
  const { migrationId } = await caller.ok('migrations.createMigration', { name: unique('migration'), algorithm });
  return migrationId;
}

const sha256 = (text, form) => createHash('sha256').update(text).digest(form);
/** A key of another system and the hash that it kept. */
function foreignKey(prefix = 'acme') {
  const long = randomBytes(18).toString('hex');
  return { key: `${prefix}_${randomBytes(4).toString('hex')}_${long}`, hash: sha256(long, 'hex') };
}
function ownKey() {
  const key = unique(randomBytes(12).toString('hex'));
  return { key, hash: sha256(key, 'base64') };
}

const migrate = (keys, fields = {}, caller = world.admin) =>
  caller.call('keys.migrateKeys', { migrationId: prefixed, apiId, keys, ...fields });
const verify = (key, migrationId) => world.verify(key, migrationId === undefined ? {} : { migrationId });

describe('migrations', () => {
  it('are created and listed', async () => {
    const name = unique('old');
    const { migrationId } = expectOk(await world.admin.call('migrations.createMigration', { name, algorithm: 'prefixed_api_key' }));
    assert.match(migrationId, /^mig_[A-Za-z0-9]{9}$/);
    const listed = await world.admin.ok('migrations.listMigrations', {});
    const found = listed.find((item) => item.id === migrationId);
    assert.deepEqual([found.name, found.algorithm], [name, 'prefixed_api_key']);
    assert.ok(found.createdAt > 0);
    const other = await world.otherWorkspace();
    assert.deepEqual(await other.caller.ok('migrations.listMigrations', {}), []);
  });
  it('come page by page', async () => {
    const { caller } = await world.otherWorkspace();
    const made = [];
    for (let i = 0; i < 3; i += 1) made.push(await migration('sha256', caller));
    const first = await caller.call('migrations.listMigrations', { limit: 2 });
    const rest = await caller.call('migrations.listMigrations', { limit: 2, cursor: first.body.pagination.cursor });
    assert.deepEqual([...expectOk(first), ...expectOk(rest)].map((item) => item.id), made.sort());
  });
  it('need rights of their own and a known algorithm', async () => {
    const create = (body, caller = world.admin) => caller.call('migrations.createMigration', body);
    const body = { name: 'old system', algorithm: 'sha256' };
    expectForbidden(await create(body, await world.callerWith('migration.*.read_migration')));
    expectOk(await create(body, await world.callerWith('migration.*.create_migration')));
    expectForbidden(await (await world.callerWith('migration.*.create_migration')).call('migrations.listMigrations', {}));
    expectOk(await (await world.callerWith('migration.*.read_migration')).call('migrations.listMigrations', {}));
    expectInvalid(await create({ ...body, algorithm: 'md5' }), '/properties/algorithm/enum');
    expectInvalid(await create({ algorithm: 'sha256' }), '/required');
  });
});

describe('keys.migrateKeys', () => {
  it('MG-01 takes a key by its hash, with all that belongs to it', async () => {
    const { hash } = foreignKey();
    const [externalId, slug, role] = [unique('user'), unique('slug'), unique('role')];
    const data = expectOk(await migrate([{
      hash, name: 'moved', externalId, meta: { a: null }, permissions: [slug], roles: [role], enabled: false,
      credits: { remaining: 5, refill: { interval: 'daily', amount: 5 } }, expires: 4_000_000_000_000,
      ratelimits: [{ name: 'requests', limit: 5, duration: 1000, autoApply: true }],
    }]));
    assert.deepEqual(data.failed, []);
    assert.equal(data.migrated.length, 1);
    assert.equal(data.migrated[0].hash, hash);
    const key = await world.get(data.migrated[0].keyId);
    assert.equal(key.start, '');
    assert.equal(key.enabled, false);
    assert.equal(key.identity.externalId, externalId);
    assert.deepEqual([key.permissions, key.roles], [[slug], [role]]);
    assert.deepEqual(key.ratelimits.map(({ id, ...limit }) => limit), [{ name: 'requests', limit: 5, duration: 1000, autoApply: true }]);
    assert.deepEqual([key.name, key.meta, key.expires, key.credits.remaining], ['moved', { a: null }, 4_000_000_000_000, 5]);
  });
  it('MG-02 makes identities, permissions and roles once for all keys and calls', async () => {
    const fields = { externalId: unique('user'), permissions: [unique('slug')], roles: [unique('role')] };
    const batch = () => [{ hash: foreignKey().hash, ...fields }, { hash: foreignKey().hash, ...fields }];
    const keys = [];
    for (let i = 0; i < 2; i += 1) {
      for (const { keyId } of expectOk(await migrate(batch())).migrated) keys.push(await world.get(keyId));
    }
    assert.equal(keys.length, 4);
    assert.equal(new Set(keys.map((key) => key.identity.id)).size, 1);
    for (const key of keys) assert.deepEqual([key.permissions, key.roles], [fields.permissions, fields.roles]);
    expectError(await world.admin.call('permissions.createPermission', { name: 'x', slug: fields.permissions[0] }), 409,
      'unkey/data/permission_already_exists');
    expectError(await world.admin.call('permissions.createRole', { name: fields.roles[0] }), 409, 'unkey/data/role_already_exists');
  });
  it('MG-03 fails every hash of a batch that is sent again, also of deleted keys and in other workspaces', async () => {
    for (const [migrationId, made] of [[prefixed, foreignKey()], [native, ownKey()]]) {
      const [{ keyId }] = expectOk(await migrate([{ hash: made.hash }], { migrationId })).migrated;
      const again = async (fields, caller) => {
        const fresh = migrationId === native ? ownKey() : foreignKey();
        const data = expectOk(await migrate([{ hash: made.hash }, { hash: fresh.hash }], { migrationId, ...fields }, caller));
        assert.deepEqual(data.failed, [made.hash]);
        assert.deepEqual(data.migrated.map((item) => item.hash), [fresh.hash]);
      };
      await again({});
      await world.admin.ok('keys.deleteKey', { keyId });
      await again({});
      // Enough workspaces that some lie in other partitions of the log.
      for (let i = 0; i < 6; i += 1) {
        const { caller } = await world.otherWorkspace();
        const algorithm = migrationId === native ? 'sha256' : 'prefixed_api_key';
        await again({ apiId: await world.api(caller), migrationId: await migration(algorithm, caller) }, caller);
      }
    }
  });
  it('fails the hash of a key that was created here, and of a root key', async () => {
    const { key } = await world.key();
    const hashes = [key, world.admin.rootKey].map((text) => sha256(text, 'base64'));
    const data = expectOk(await migrate(hashes.map((hash) => ({ hash })), { migrationId: native }));
    assert.deepEqual(data, { migrated: [], failed: hashes });
  });
  it('takes the last of several keys with one hash', async () => {
    const { hash } = foreignKey();
    const { migrated } = expectOk(await migrate([{ hash, name: 'first' }, { hash, name: 'last' }]));
    assert.equal(migrated.length, 1);
    assert.equal((await world.get(migrated[0].keyId)).name, 'last');
  });
  it('MG-04 refuses what the schema forbids', async () => {
    const { hash } = foreignKey();
    expectInvalid(await world.admin.call('keys.migrateKeys', {}), '/required');
    const item = '/properties/keys/items/properties';
    for (const [keys, fields, location] of [
      [[{ hash }], { apiId: '' }, '/properties/apiId/minLength'], [[{ hash }], { migrationId: '' }, '/properties/migrationId/minLength'],
      [[], {}, '/properties/keys/minItems'], [[{ hash: '' }], {}, `${item}/hash/minLength`],
      [[{ hash, expires: -1 }], {}, '/expires/minimum'], [[{ hash, permissions: [''] }], {}, '/items/minLength'],
      [[{ hash, roles: [''] }], {}, '/items/minLength'], [[{ hash, permissions: ['p'.repeat(129)] }], {}, '/items/maxLength'],
      [[{ hash, roles: ['r'.repeat(129)] }], {}, '/items/maxLength'], [[{ hash, more: 1 }], {}, '/additionalProperties'],
    ]) {
      expectInvalid(await migrate(keys, fields), location);
    }
  });
  it('refuses a text that is no hash of the algorithm, and a broken rule, and names the key', async () => {
    const { hash } = foreignKey();
    for (const text of ['abc', hash.slice(1), hash.toUpperCase(), ownKey().hash]) {
      assert.match(expectRuleViolation(await migrate([{ hash }, { hash: text }])).detail, /keys\[1\]/);
    }
    expectRuleViolation(await migrate([{ hash }], { migrationId: native }));
    const refill = { remaining: null, refill: { interval: 'daily', amount: 1 } };
    assert.match(expectRuleViolation(await migrate([{ hash }, { hash: foreignKey().hash, credits: refill }])).detail, /keys\[1\]/);
    assert.deepEqual(expectOk(await migrate([{ hash }])).failed, []);
  });
  it('MG-05 forbids without create_key for the API, whether it exists or not', async () => {
    const keys = [{ hash: foreignKey().hash }];
    const other = await world.api();
    for (const held of [[], ['api.*.read_key'], [`api.${other}.create_key`], ['rbac.*.create_role'], ['api.*.read_key', 'api.*.read_api'],
      [`unkey:v1:${world.workspaceId}:keyspaces/*#create_key`]]) {
      const caller = await world.callerWith(...held);
      expectForbidden(await migrate(keys, {}, caller));
      expectForbidden(await migrate(keys, { apiId: 'api_absent00' }, caller));
    }
    expectOk(await migrate(keys, {}, await world.callerWith(`api.${apiId}.create_key`)));
  });
  it('MG-06 finds neither absent, foreign and deleted APIs nor unknown migrations', async () => {
    const keys = [{ hash: foreignKey().hash }];
    const { caller } = await world.otherWorkspace();
    const deleted = await world.api();
    await world.admin.ok('apis.deleteApi', { apiId: deleted });
    for (const id of ['api_absent00', deleted, await world.api(caller)]) expectNotFound(await migrate(keys, { apiId: id }), 'api');
    expectNotFound(await migrate(keys, { migrationId: 'mig_absent' }), 'migration');
    expectNotFound(await migrate(keys, { migrationId: await migration('sha256', caller) }), 'migration');
  });
  it('does it once for one Idempotency-Key', async () => {
    const body = { migrationId: prefixed, apiId, keys: [{ hash: foreignKey().hash }] };
    const headers = { 'Idempotency-Key': unique('migrate') };
    const first = expectOk(await world.admin.call('keys.migrateKeys', body, headers));
    assert.equal(first.migrated.length, 1);
    assert.deepEqual(expectOk(await world.admin.call('keys.migrateKeys', body, headers)), first);
  });
  it('takes thousands at once', async () => {
    const keys = Array.from({ length: 3000 }, () => ({ hash: foreignKey().hash, externalId: 'many', permissions: ['many'] }));
    const data = expectOk(await migrate(keys));
    assert.deepEqual(data.migrated.map((item) => item.hash), keys.map((key) => key.hash));
  });
});

describe('keys.verifyKey, with a migration', () => {
  it('MG-07 PF1 PF2 makes a key ours by its first verification', async () => {
    const { key, hash } = foreignKey('my_app');
    const [{ keyId }] = expectOk(await migrate([{ hash, credits: { remaining: 3 } }])).migrated;
    expectCode(await verify(key), 'NOT_FOUND');
    const first = expectCode(await verify(key, prefixed), 'VALID');
    assert.deepEqual([first.keyId, first.credits], [keyId, 2]);
    assert.equal(expectCode(await verify(key), 'VALID').credits, 1);
    assert.equal(expectCode(await verify(key, prefixed), 'VALID').credits, 0);
    const shown = await world.get(keyId);
    assert.equal(shown.start, key.slice(0, 'my_app_'.length + 4));
    expectCode(await verify(key.split('_').at(-1)), 'NOT_FOUND');
  });
  it('MG-08 takes a key of another vendor', async () => {
    const key = 're_Aw4pYHsR_7M6kvVbLKtbXb9hZcXqYxGpx';
    expectOk(await migrate([{ hash: sha256('7M6kvVbLKtbXb9hZcXqYxGpx', 'hex') }]));
    expectCode(await verify(key, prefixed), 'VALID');
    expectCode(await verify(key), 'VALID');
  });
  it('verifies a key of our own form at once, without the migration', async () => {
    const { key, hash } = ownKey();
    expectOk(await migrate([{ hash }], { migrationId: native }));
    expectCode(await verify(key), 'VALID');
    expectCode(await verify(key, native), 'VALID');
    expectCode(await verify('unknown_to_all', native), 'NOT_FOUND');
  });
  it('VK-32 finds nothing by an unknown migration, by another one, or in another workspace', async () => {
    const { key, hash } = foreignKey();
    expectOk(await migrate([{ hash }]));
    const { caller } = await world.otherWorkspace();
    for (const id of ['mig_unknown', '', native, await migration('prefixed_api_key'), await migration('prefixed_api_key', caller)]) {
      expectCode(await verify(key, id), 'NOT_FOUND');
    }
    expectCode(await world.verify(key, { migrationId: prefixed }, caller), 'NOT_FOUND');
    expectCode(await world.verify(key, { migrationId: prefixed }, await world.callerWith('api.*.read_key')), 'NOT_FOUND');
    expectCode(await verify(key, prefixed), 'VALID');
  });
  it('refuses a key that can\'t be of the migration', async () => {
    for (const key of ['nounderscore', 'one_underscore', 'ends_with_']) {
      expectError(await verify(key, prefixed), 400, 'unkey/authentication/malformed', 'Bad Request');
      expectCode(await verify(key, 'mig_unknown'), 'NOT_FOUND');
    }
  });
  it('judges the key like any other', async () => {
    const disabled = foreignKey();
    const expired = foreignKey();
    const deleted = foreignKey();
    const { migrated } = expectOk(await migrate([
      { hash: disabled.hash, enabled: false }, { hash: expired.hash, expires: 1 }, { hash: deleted.hash }]));
    await world.admin.ok('keys.deleteKey', { keyId: migrated[2].keyId });
    expectCode(await verify(disabled.key, prefixed), 'DISABLED');
    expectCode(await verify(expired.key, prefixed), 'EXPIRED');
    expectCode(await verify(deleted.key, prefixed), 'NOT_FOUND');
  });
  it('spends one credit for one Idempotency-Key, also in the first verification', async () => {
    const { key, hash } = foreignKey();
    expectOk(await migrate([{ hash, credits: { remaining: 3 } }]));
    const once = { 'Idempotency-Key': unique('verify') };
    for (let i = 0; i < 2; i += 1) {
      const answer = await world.admin.call('keys.verifyKey', { key, migrationId: prefixed }, once);
      assert.equal(expectCode(answer, 'VALID').credits, 2);
    }
  });
  it('lets many first verifications at once all succeed', async () => {
    const { key, hash } = foreignKey();
    expectOk(await migrate([{ hash }]));
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => verify(key, prefixed)))) expectCode(answer, 'VALID');
  });
  it('gives the place of a migrated key to one with its prefix', async () => {
    const { key, hash } = foreignKey('old_one');
    const [{ keyId }] = expectOk(await migrate([{ hash }])).migrated;
    expectCode(await verify(key, prefixed), 'VALID');
    const made = expectOk(await world.admin.call('keys.rerollKey', { keyId, expiration: 0 }));
    assert.match(made.key, /^old_one_/);
    expectCode(await verify(key), 'EXPIRED');
    expectCode(await verify(made.key), 'VALID');
  });
});
