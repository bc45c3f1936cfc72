// keys.addPermissions (AP-*), keys.removePermissions (RP-*), keys.setPermissions (SP-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const ask = (operation) => (keyId, permissions, caller = world.admin) =>
  caller.call(`keys.${operation}Permissions`, { keyId, permissions });
const [add, remove, set] = ['add', 'remove', 'set'].map(ask);

const slugsOf = (answer) => expectOk(answer).map((one) => one.slug);
const shown = async (keyId) => (await world.get(keyId)).permissions ?? [];
const changesOf = async (answer) => (await world.eventsOf(answer)).map(({ type, payload }) => [type, payload]);

/** Slugs that exist, in order. */
async function existing(...kinds) {
  const slugs = kinds.map((kind) => unique(kind)).sort();
  for (const slug of slugs) await world.admin.ok('permissions.createPermission', { name: slug, slug });
  return slugs;
}
const idOf = async (slug) => (await world.admin.ok('permissions.getPermission', { permission: slug })).id;

const ADD = 'rbac.*.add_permission_to_key';
const REMOVE = 'rbac.*.remove_permission_from_key';
const CREATE = 'rbac.*.create_permission';
const urn = (path, action) => `unkey:v1:${world.workspaceId}:${path}#${action}`;
const onAnyKey = () => urn('keyspaces/*/keys/*', 'update_key');

/** What each of the three refuses by its schema. */
async function refusesBySchema(operation, { empty }) {
  const call = (body) => world.admin.call(`keys.${operation}Permissions`, body);
  for (const [body, location] of [
    [{ permissions: ['a'] }, '/required'], [{ keyId: 'key_1' }, '/required'],
    [{ keyId: '', permissions: ['a'] }, '/properties/keyId/minLength'],
    [{ keyId: 'ab', permissions: ['a'] }, '/properties/keyId/minLength'],
    [{ keyId: 'key-1', permissions: ['a'] }, '/properties/keyId/pattern'],
    [{ keyId: 'key_1', permissions: 'a' }, '/properties/permissions/type'],
    [{ keyId: 'key_1', permissions: [''] }, '/properties/permissions/items/minLength'],
    [{ keyId: 'key_1', permissions: ['a b'] }, '/properties/permissions/items/pattern'],
    [{ keyId: 'key_1', permissions: ['s'.repeat(129)] }, '/properties/permissions/items/maxLength'],
    [{ keyId: 'key_1', permissions: Array(1001).fill('a') }, '/properties/permissions/maxItems'],
  ]) {
    expectInvalid(await call(body), location);
  }
  if (!empty) expectInvalid(await call({ keyId: 'key_1', permissions: [] }), '/properties/permissions/minItems');
  expectInvalid(await world.admin.raw(`keys.${operation}Permissions`, '{"keyId":"key_1","permissions":['));
}

/** No absent, deleted or foreign key is found, not even one of a deleted API. */
async function findsNoSuchKey(call) {
  const [slug] = await existing('perm');
  const gone = await world.key();
  await world.admin.ok('keys.deleteKey', { keyId: gone.keyId });
  const orphan = await world.key();
  await world.admin.ok('apis.deleteApi', { apiId: orphan.apiId });
  const { keyId } = await world.key();
  const foreign = await world.otherWorkspace();
  for (const id of ['key_absent00', 'invalid_key_format', gone.keyId, orphan.keyId]) {
    expectNotFound(await call(id, [slug]), 'key');
    expectNotFound(await call(id, [unique('unknown')]), 'key');
  }
  expectNotFound(await call(keyId, [slug], foreign.caller), 'key');
  assert.deepEqual(await shown(keyId), []);
}

describe('keys.addPermissions', () => {
  it('AP-01 takes grants by URN, for existing and for missing permissions', async () => {
    const [slug] = await existing('perm');
    const { keyId } = await world.key();
    const updater = await world.callerWith(onAnyKey());
    assert.deepEqual(slugsOf(await add(keyId, [slug], updater)), [slug]);
    const missing = unique('made');
    expectForbidden(await add(keyId, [missing], updater));
    const maker = await world.callerWith(onAnyKey(), urn('rbac/permissions/*', 'create_permission'));
    assert.deepEqual(slugsOf(await add(keyId, [missing], maker)), [slug, missing]);
    const named = await world.callerWith(urn(`keyspaces/*/keys/${keyId}`, 'update_key'));
    assert.deepEqual(slugsOf(await add(keyId, [slug], named)).sort(), [missing, slug].sort());
    expectForbidden(await add((await world.key()).keyId, [slug], named));
  });
  it('AP-02 AP-12 E2E-03 adds one, which the next verification sees, by one event', async () => {
    const slug = unique('perm');
    const { permissionId } = await world.admin.ok('permissions.createPermission', { name: 'Read', slug, description: 'may read' });
    const { keyId, key } = await world.key();
    const answer = await add(keyId, [slug.toUpperCase()]);
    assert.deepEqual(expectOk(answer), [{ id: permissionId, name: 'Read', slug, description: 'may read' }]);
    assert.deepEqual(await changesOf(answer), [['KeyPermissionsChanged', { keyId, connectedIds: [permissionId] }]]);
    expectCode(await world.verify(key, { permissions: slug }), 'VALID');
    assert.deepEqual(await shown(keyId), [slug]);
    assert.ok((await world.get(keyId)).updatedAt > 0);
  });
  it('AP-03 AP-05 adds several after those that the key has', async () => {
    const slugs = await existing('a', 'b', 'c', 'd');
    const [a, b, c, d] = slugs;
    const { keyId } = await world.key({ permissions: [d, b] });
    assert.deepEqual(slugsOf(await add(keyId, [c, a])), [b, d, a, c]);
    assert.deepEqual(await shown(keyId), slugs);
  });
  it('AP-04 does nothing for what the key has', async () => {
    const [slug] = await existing('perm');
    const { keyId } = await world.key();
    expectOk(await add(keyId, [slug]));
    const again = await add(keyId, [slug, slug.toUpperCase()]);
    assert.deepEqual(slugsOf(again), [slug]);
    assert.deepEqual(await changesOf(again), []);
  });
  it('AP-06 loses none of ten parallel calls', async () => {
    const { keyId } = await world.key();
    const slugs = Array.from({ length: 10 }, () => unique('parallel'));
    const answers = await Promise.all(slugs.map((slug) => add(keyId, [slug])));
    for (const [i, answer] of answers.entries()) assert.ok(slugsOf(answer).includes(slugs[i]));
    assert.deepEqual(answers.map((answer) => answer.data.length).sort((x, y) => x - y), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(await shown(keyId), slugs.sort());
  });
  it('AP-07 refuses what the schema forbids', () => refusesBySchema('add', { empty: false }));
  it('AP-08 takes every text for a slug: creates it, or forbids it, unless the key is not there', async () => {
    const [slug] = await existing('perm');
    const id = await idOf(slug);
    const { keyId } = await world.key();
    for (const text of [id, unique('unknown')]) {
      const refused = await add(keyId, [slug, text], await world.callerWith('api.*.update_key', ADD));
      expectForbidden(refused);
      assert.deepEqual(await changesOf(refused), []);
      const made = expectOk(await add(keyId, [text], await world.callerWith('api.*.update_key', ADD, CREATE))).at(-1);
      assert.deepEqual([made.name, made.slug], [text, text]);
      assert.notEqual(made.id, id);
    }
  });
  it('AP-09 forbids a disabled root key', async () => {
    const { keyId } = await world.key();
    const { rootKeyId, rootKey } = await world.admin.ok('rootKeys.createRootKey', { name: 'off', permissions: ['administrator'] });
    await world.admin.ok('rootKeys.updateRootKey', { rootKeyId, enabled: false });
    expectError(await world.admin.call('keys.addPermissions', { keyId, permissions: ['a'] },
      { Authorization: `Bearer ${rootKey}` }), 403, 'unkey/authorization/key_disabled');
    assert.deepEqual(await shown(keyId), []);
  });
  it('AP-10 forbids with less than the rights that it needs', async () => {
    const [slug] = await existing('perm');
    const { keyId, apiId } = await world.key();
    const other = await world.api();
    for (const held of [[], ['api.*.update_key'], [ADD], [`api.${other}.update_key`, ADD], ['api.*.update_key', REMOVE],
      ['api.*.create_key', ADD], [urn('keyspaces/*/keys/*', 'read_key'), ADD]]) {
      expectForbidden(await add(keyId, [slug], await world.callerWith(...held)));
    }
    assert.deepEqual(await shown(keyId), []);
    for (const held of [['api.*.update_key', ADD], [`api.${apiId}.update_key`, ADD]]) {
      assert.deepEqual(slugsOf(await add(keyId, [slug], await world.callerWith(...held))), [slug]);
    }
  });
  it('AP-11 finds no absent, deleted or foreign key', () => findsNoSuchKey(add));
  it('AP-12 creates what is missing, named like its slug, by an event of its own', async () => {
    const slug = unique('Made');
    const { keyId, key } = await world.key();
    const answer = await add(keyId, [slug, slug.toLowerCase()]);
    const [made, ...more] = expectOk(answer);
    assert.match(made.id, /^perm_[A-Za-z0-9]{9}$/);
    assert.deepEqual([made, more], [{ id: made.id, name: slug, slug }, []]);
    assert.deepEqual(await changesOf(answer), [
      ['PermissionCreated', { permissionId: made.id, name: slug, slug }],
      ['KeyPermissionsChanged', { keyId, connectedIds: [made.id] }],
    ]);
    expectCode(await world.verify(key, { permissions: slug }), 'VALID');
    expectCode(await world.verify(key, { permissions: slug.toLowerCase() }), 'INSUFFICIENT_PERMISSIONS');
  });
  it('has a limit to what one key can have', async () => {
    const { keyId } = await world.key();
    const many = Array.from({ length: 1000 }, (_, i) => unique(`many.${i}`));
    assert.equal(expectOk(await add(keyId, many)).length, 1000);
    expectError(await add(keyId, [unique('one.more')]), 400, 'unkey/application/invalid_input');
    expectOk(await remove(keyId, [many[0]]));
    assert.equal(expectOk(await add(keyId, [unique('one.more')])).length, 1000);
  });
});

describe('keys.removePermissions', () => {
  it('RP-01 takes a grant by URN', async () => {
    const [slug] = await existing('perm');
    const { keyId } = await world.key({ permissions: [slug] });
    assert.deepEqual(slugsOf(await remove(keyId, [slug], await world.callerWith(onAnyKey()))), []);
  });
  it('RP-02 RP-08 E2E-03 answers with all that is left, and the next verification sees it', async () => {
    const [a, b, c] = await existing('a', 'b', 'c');
    const { keyId, key } = await world.key({ permissions: [a, b, c] });
    const answer = await remove(keyId, [b.toUpperCase()]);
    assert.deepEqual(slugsOf(answer), [a, c]);
    assert.deepEqual(answer.data[0], await world.admin.ok('permissions.getPermission', { permission: a }));
    assert.deepEqual(await changesOf(answer), [['KeyPermissionsChanged', { keyId, disconnectedIds: [await idOf(b)] }]]);
    expectCode(await world.verify(key, { permissions: b }), 'INSUFFICIENT_PERMISSIONS');
    expectCode(await world.verify(key, { permissions: `${a} AND ${c}` }), 'VALID');
    assert.deepEqual(await shown(keyId), [a, c]);
    assert.deepEqual(slugsOf(await remove(keyId, [a, c])), []);
    assert.deepEqual(await shown(keyId), []);
  });
  it('RP-03 does nothing for what the key does not have, also when a role gives it', async () => {
    const [own, other] = await existing('own', 'other');
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role, permissions: [other] });
    const { keyId } = await world.key({ permissions: [own], roles: [role] });
    const answer = await remove(keyId, [other]);
    assert.deepEqual(slugsOf(answer), [own]);
    assert.deepEqual(await changesOf(answer), []);
    assert.deepEqual(await shown(keyId), [other, own].sort());
  });
  it('RP-04 finds no unknown or foreign slug and no id, and then removes nothing', async () => {
    const [slug] = await existing('perm');
    const { keyId } = await world.key({ permissions: [slug] });
    const foreign = unique('foreign');
    await (await world.otherWorkspace()).caller.ok('permissions.createPermission', { name: foreign, slug: foreign });
    for (const text of [unique('unknown'), await idOf(slug), foreign]) {
      const { detail } = expectNotFound(await remove(keyId, [slug, text]), 'permission');
      assert.ok(detail.includes(text));
    }
    assert.deepEqual(await shown(keyId), [slug]);
  });
  it('RP-05 refuses what the schema forbids', () => refusesBySchema('remove', { empty: false }));
  it('RP-06 forbids with less than the rights that it needs', async () => {
    const [slug] = await existing('perm');
    const { keyId, apiId } = await world.key({ permissions: [slug] });
    for (const held of [[], ['api.*.update_key'], [REMOVE], ['api.*.update_key', ADD], ['api.*.delete_key', REMOVE]]) {
      expectForbidden(await remove(keyId, [slug], await world.callerWith(...held)));
    }
    assert.deepEqual(await shown(keyId), [slug]);
    assert.deepEqual(slugsOf(await remove(keyId, [slug], await world.callerWith(`api.${apiId}.update_key`, REMOVE))), []);
  });
  it('RP-06 RP-07 finds no absent, deleted or foreign key', () => findsNoSuchKey(remove));
});

describe('keys.setPermissions', () => {
  it('SP-01 takes a grant by URN', async () => {
    const [slug] = await existing('perm');
    const { keyId } = await world.key();
    assert.deepEqual(slugsOf(await set(keyId, [slug], await world.callerWith(onAnyKey()))), [slug]);
  });
  it('SP-02 SP-03 E2E-03 leaves exactly the new list, by the difference, and the next verification sees it', async () => {
    const [a, b, c] = await existing('a', 'b', 'c');
    const { keyId, key } = await world.key({ permissions: [a, b] });
    const answer = await set(keyId, [c, b]);
    assert.deepEqual(slugsOf(answer).sort(), [b, c]);
    assert.deepEqual(await changesOf(answer),
      [['KeyPermissionsChanged', { keyId, connectedIds: [await idOf(c)], disconnectedIds: [await idOf(a)] }]]);
    expectCode(await world.verify(key, { permissions: `${b} AND ${c}` }), 'VALID');
    expectCode(await world.verify(key, { permissions: a }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual(await shown(keyId), [b, c]);
    assert.deepEqual(expectOk(await set(keyId, [])), []);
    expectCode(await world.verify(key, { permissions: b }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual(await shown(keyId), []);
  });
  it('SP-04 does nothing for an equal list', async () => {
    const [a, b] = await existing('a', 'b');
    const { keyId } = await world.key({ permissions: [a, b] });
    const answer = await set(keyId, [b, a.toUpperCase(), b]);
    assert.deepEqual(slugsOf(answer), [a, b]);
    assert.deepEqual(await changesOf(answer), []);
  });
  it('SP-05 creates what is missing, for who may', async () => {
    const { keyId } = await world.key();
    const slug = unique('made');
    const rights = ['api.*.update_key', ADD, REMOVE];
    expectForbidden(await set(keyId, [slug], await world.callerWith(...rights)));
    const answer = await set(keyId, [slug], await world.callerWith(...rights, CREATE));
    assert.deepEqual(slugsOf(answer), [slug]);
    assert.deepEqual((await changesOf(answer)).map(([type]) => type), ['PermissionCreated', 'KeyPermissionsChanged']);
  });
  it('SP-06 ends parallel calls with the whole list of one of them', async () => {
    const { keyId } = await world.key();
    const lists = Array.from({ length: 10 }, () => [unique('left'), unique('right')]);
    const answers = await Promise.all(lists.map((list) => set(keyId, list)));
    for (const [i, answer] of answers.entries()) assert.deepEqual(slugsOf(answer).sort(), [...lists[i]].sort());
    const final = await shown(keyId);
    assert.ok(lists.some((list) => JSON.stringify([...list].sort()) === JSON.stringify(final)), JSON.stringify(final));
  });
  it('SP-07 refuses what the schema forbids', () => refusesBySchema('set', { empty: true }));
  it('SP-08 SP-10 finds no absent, deleted or foreign key', async () => {
    expectNotFound(await set('perm_1234567', []), 'key');
    await findsNoSuchKey(set);
  });
  it('SP-09 forbids with less than the rights that it needs', async () => {
    const [slug] = await existing('perm');
    const { keyId, apiId } = await world.key({ permissions: [slug] });
    const other = await world.api();
    for (const held of [[], [ADD, REMOVE], ['api.*.update_key', ADD], ['api.*.update_key', REMOVE],
      [`api.${other}.update_key`, ADD, REMOVE], [urn('keyspaces/other/keys/*', 'update_key')]]) {
      expectForbidden(await set(keyId, [], await world.callerWith(...held)));
    }
    assert.deepEqual(await shown(keyId), [slug]);
    expectOk(await set(keyId, [], await world.callerWith(`api.${apiId}.update_key`, ADD, REMOVE)));
  });
});
