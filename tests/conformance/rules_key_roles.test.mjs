// keys.addRoles (AR-*), keys.removeRoles (RO-*), keys.setRoles (SR-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const ask = (operation) => (keyId, roles, caller = world.admin) => caller.call(`keys.${operation}Roles`, { keyId, roles });
const [add, remove, set] = ['add', 'remove', 'set'].map(ask);

const namesOf = (answer) => expectOk(answer).map((one) => one.name);
const shown = async (keyId) => (await world.get(keyId)).roles ?? [];
const changesOf = async (answer) => (await world.eventsOf(answer)).map(({ type, payload }) => [type, payload]);

/** Roles that exist, `{id, name}`, in the order of their names. */
async function existing(...kinds) {
  const names = kinds.map((kind) => unique(kind)).sort();
  const roles = [];
  for (const name of names) roles.push({ id: (await world.admin.ok('permissions.createRole', { name })).roleId, name });
  return roles;
}

const ADD = 'rbac.*.add_role_to_key';
const urn = (path, action) => `unkey:v1:${world.workspaceId}:${path}#${action}`;
const onAnyKey = () => urn('keyspaces/*/keys/*', 'update_key');

/** What each of the three refuses by its schema. */
async function refusesBySchema(operation, { empty }) {
  const call = (body) => world.admin.call(`keys.${operation}Roles`, body);
  for (const [body, location] of [
    [{ roles: ['a'] }, '/required'], [{ keyId: 'key_1' }, '/required'],
    [{ keyId: '', roles: ['a'] }, '/properties/keyId/minLength'],
    [{ keyId: 'ab', roles: ['a'] }, '/properties/keyId/minLength'],
    [{ keyId: 'key-1', roles: ['a'] }, '/properties/keyId/pattern'],
    [{ keyId: 'key_1', roles: 'a' }, '/properties/roles/type'],
    [{ keyId: 'key_1', roles: [''] }, '/properties/roles/items/minLength'],
    [{ keyId: 'key_1', roles: ['r'.repeat(129)] }, '/properties/roles/items/maxLength'],
    [{ keyId: 'key_1', roles: Array(101).fill('a') }, '/properties/roles/maxItems'],
  ]) {
    expectInvalid(await call(body), location);
  }
  if (!empty) expectInvalid(await call({ keyId: 'key_1', roles: [] }), '/properties/roles/minItems');
  expectInvalid(await world.admin.raw(`keys.${operation}Roles`, '{"keyId":"key_1","roles":['));
}

/** No absent, deleted or foreign key is found, not even one of a deleted API. */
async function findsNoSuchKey(call) {
  const [role] = await existing('role');
  const gone = await world.key();
  await world.admin.ok('keys.deleteKey', { keyId: gone.keyId });
  const orphan = await world.key();
  await world.admin.ok('apis.deleteApi', { apiId: orphan.apiId });
  const { keyId } = await world.key();
  const foreign = await world.otherWorkspace();
  for (const id of ['key_absent00', 'key_short', 'invalid_key_format', gone.keyId, orphan.keyId]) {
    expectNotFound(await call(id, [role.name]), 'key');
    expectNotFound(await call(id, ['nobody']), 'key');
  }
  expectNotFound(await call(keyId, [role.name], foreign.caller), 'key');
  assert.deepEqual(await shown(keyId), []);
}

/** No unknown, deleted or foreign role is found, nor one by its id, wherever it stands; nothing changes. */
async function findsNoSuchRole(call) {
  const [held, known] = await existing('held', 'known');
  const { keyId } = await world.key({ roles: [held.name] });
  const foreign = unique('foreign');
  const { roleId } = await (await world.otherWorkspace()).caller.ok('permissions.createRole', { name: foreign });
  const [deleted] = await existing('deleted');
  await world.admin.ok('permissions.deleteRole', { role: deleted.id });
  for (const text of [known.id, 'nobody & nothing', foreign, roleId, deleted.name, deleted.id]) {
    for (const names of [[text], [known.name, text], [text, held.name]]) {
      const refused = await call(keyId, names);
      assert.ok(expectNotFound(refused, 'role').detail.includes(text));
      assert.deepEqual(await changesOf(refused), []);
    }
  }
  assert.deepEqual(await shown(keyId), [held.name]);
}

describe('keys.addRoles', () => {
  it('AR-01 takes a grant by URN', async () => {
    const [role] = await existing('role');
    const { keyId } = await world.key();
    assert.deepEqual(namesOf(await add(keyId, [role.name], await world.callerWith(onAnyKey()))), [role.name]);
  });
  it('AR-02 E2E-03 adds by name after those that the key has, and the next verification sees it', async () => {
    const slug = unique('slug');
    const [b, c] = await existing('b', 'c');
    const name = unique('a');
    const { roleId } = await world.admin.ok('permissions.createRole', { name, description: 'first', permissions: [slug] });
    const { keyId, key } = await world.key({ roles: [c.name, b.name] });
    const answer = await add(keyId, [name.toUpperCase()]);
    const permission = await world.admin.ok('permissions.getPermission', { permission: slug });
    assert.deepEqual(expectOk(answer), [b, c, { id: roleId, name, description: 'first', permissions: [permission] }]);
    assert.deepEqual(await changesOf(answer), [['KeyRolesChanged', { keyId, connectedIds: [roleId] }]]);
    const verified = expectCode(await world.verify(key, { permissions: slug }), 'VALID');
    assert.deepEqual(verified.roles, [name, b.name, c.name].sort());
    assert.deepEqual(await shown(keyId), [name, b.name, c.name].sort());
  });
  it('AR-03 does nothing for what the key has', async () => {
    const [role] = await existing('role');
    const { keyId } = await world.key({ roles: [role.name] });
    const answer = await add(keyId, [role.name, role.name.toUpperCase()]);
    assert.deepEqual(expectOk(answer), [role]);
    assert.deepEqual(await changesOf(answer), []);
  });
  it('AR-04 loses none of many parallel calls', async () => {
    const roles = await existing(...Array(10).fill('parallel'));
    const { keyId } = await world.key();
    const answers = await Promise.all(roles.map(({ name }) => add(keyId, [name])));
    for (const [i, answer] of answers.entries()) assert.ok(namesOf(answer).includes(roles[i].name));
    assert.deepEqual(await shown(keyId), roles.map(({ name }) => name));
  });
  it('AR-05 refuses what the schema forbids', () => refusesBySchema('add', { empty: false }));
  it('AR-06 forbids with less than the rights that it needs, and root keys that are over', async () => {
    const [role] = await existing('role');
    const { keyId, apiId } = await world.key();
    for (const held of [[], ['api.*.update_key'], ['api.*.read_key', ADD], [ADD]]) {
      expectForbidden(await add(keyId, [role.name], await world.callerWith(...held)));
    }
    const expired = await world.admin.ok('rootKeys.createRootKey',
      { name: 'expired', permissions: ['administrator'], expires: Date.now() - 1000 });
    expectError(await world.admin.call('keys.addRoles', { keyId, roles: [role.name] },
      { Authorization: `Bearer ${expired.rootKey}` }), 403, 'unkey/authorization/forbidden');
    const disabled = await world.admin.ok('rootKeys.createRootKey', { name: 'off', permissions: ['administrator'] });
    await world.admin.ok('rootKeys.updateRootKey', { rootKeyId: disabled.rootKeyId, enabled: false });
    expectError(await world.admin.call('keys.addRoles', { keyId, roles: [role.name] },
      { Authorization: `Bearer ${disabled.rootKey}` }), 403, 'unkey/authorization/key_disabled');
    assert.deepEqual(await shown(keyId), []);
    assert.deepEqual(namesOf(await add(keyId, [role.name], await world.callerWith(`api.${apiId}.update_key`, ADD))), [role.name]);
  });
  it('AR-07 finds no absent, deleted or foreign key', () => findsNoSuchKey(add));
  it('AR-08 finds no unknown, deleted or foreign role, nor one by its id', () => findsNoSuchRole(add));
  it('has a limit to what one key can have', async () => {
    const roles = await existing(...Array(101).fill('many'));
    const names = roles.map(({ name }) => name);
    const { keyId } = await world.key({ roles: names.slice(0, 100) });
    expectError(await add(keyId, [names[100]]), 400, 'unkey/application/invalid_input');
    expectOk(await remove(keyId, [names[0]]));
    assert.equal(expectOk(await add(keyId, [names[100]])).length, 100);
  });
});

describe('keys.removeRoles', () => {
  it('RO-01 RO-07 E2E-03 answers with those that are left, and the next verification sees it', async () => {
    const slug = unique('slug');
    const [a, b] = await existing('a', 'b');
    await world.admin.ok('permissions.setRolePermissions', { roleId: b.id, permissions: [slug] });
    const { keyId, key } = await world.key({ roles: [a.name, b.name] });
    const answer = await remove(keyId, [b.name.toUpperCase()]);
    assert.deepEqual(expectOk(answer), [a]);
    assert.deepEqual(await changesOf(answer), [['KeyRolesChanged', { keyId, disconnectedIds: [b.id] }]]);
    expectCode(await world.verify(key, { permissions: slug }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual(await shown(keyId), [a.name]);
    assert.deepEqual(expectOk(await remove(keyId, [a.name])), []);
    assert.deepEqual(await shown(keyId), []);
  });
  it('RO-02 does nothing for what the key does not have', async () => {
    const [held, other] = await existing('held', 'other');
    const { keyId } = await world.key({ roles: [held.name] });
    const answer = await remove(keyId, [other.name]);
    assert.deepEqual(expectOk(answer), [held]);
    assert.deepEqual(await changesOf(answer), []);
  });
  it('RO-03 refuses what the schema forbids', () => refusesBySchema('remove', { empty: false }));
  it('RO-03 RO-05 finds no absent, deleted or foreign key', () => findsNoSuchKey(remove));
  it('RO-04 finds no unknown, deleted or foreign role, nor one by its id', () => findsNoSuchRole(remove));
  it('RO-06 forbids without the right', async () => {
    const [role] = await existing('role');
    const { keyId, apiId } = await world.key({ roles: [role.name] });
    const other = await world.api();
    for (const held of [[], ['rbac.*.remove_role_from_key'], ['ratelimit.*.limit'], ['api.*.create_key'], ['api.*.delete_key'],
      [`api.${other}.update_key`], ['api.*.read_key', 'api.*.delete_key', ADD]]) {
      expectForbidden(await remove(keyId, [role.name], await world.callerWith(...held)));
    }
    assert.deepEqual(await shown(keyId), [role.name]);
    for (const right of ['api.*.update_key', `api.${apiId}.update_key`, onAnyKey()]) {
      assert.deepEqual(namesOf(await remove(keyId, [role.name], await world.callerWith(right))), []);
    }
  });
});

describe('keys.setRoles', () => {
  it('SR-01 SR-02 SR-03 E2E-03 leaves exactly the new list, by the difference, and the next verification sees it', async () => {
    const slug = unique('slug');
    const [a, b, c] = await existing('a', 'b', 'c');
    await world.admin.ok('permissions.setRolePermissions', { roleId: c.id, permissions: [slug] });
    const { keyId, key } = await world.key();
    assert.deepEqual(expectOk(await set(keyId, [a.name])), [a]);
    expectOk(await set(keyId, [b.name, a.name]));
    const answer = await set(keyId, [c.name, b.name]);
    assert.deepEqual(namesOf(answer), [b.name, c.name]);
    assert.deepEqual(await changesOf(answer), [['KeyRolesChanged', { keyId, connectedIds: [c.id], disconnectedIds: [a.id] }]]);
    expectCode(await world.verify(key, { permissions: slug }), 'VALID');
    assert.deepEqual(await shown(keyId), [b.name, c.name]);
    assert.deepEqual(expectOk(await set(keyId, [])), []);
    expectCode(await world.verify(key, { permissions: slug }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual(await shown(keyId), []);
  });
  it('SR-04 does nothing for an equal list', async () => {
    const [a, b] = await existing('a', 'b');
    const { keyId } = await world.key({ roles: [a.name, b.name] });
    const answer = await set(keyId, [b.name, a.name.toUpperCase()]);
    assert.deepEqual(expectOk(answer), [a, b]);
    assert.deepEqual(await changesOf(answer), []);
  });
  it('SR-05 ends parallel calls with the whole list of one of them', async () => {
    const roles = await existing(...Array(8).fill('parallel'));
    const { keyId } = await world.key();
    const lists = Array.from({ length: 40 }, (_, i) => [roles[i % 8].name, roles[(i * 3 + 1) % 8].name].sort());
    const answers = await Promise.all(lists.map((list) => set(keyId, list)));
    for (const [i, answer] of answers.entries()) assert.deepEqual(namesOf(answer).sort(), [...new Set(lists[i])]);
    const final = JSON.stringify(await shown(keyId));
    assert.ok(lists.some((list) => JSON.stringify([...new Set(list)]) === final), final);
  });
  it('SR-06 refuses what the schema forbids', () => refusesBySchema('set', { empty: true }));
  it('SR-07 forbids without the right', async () => {
    const { keyId, apiId } = await world.key();
    for (const held of [[], ['api.*.read_key'], ['rbac.*.add_role_to_key', 'rbac.*.remove_role_from_key']]) {
      expectForbidden(await set(keyId, [], await world.callerWith(...held)));
    }
    for (const right of ['api.*.update_key', `api.${apiId}.update_key`, onAnyKey()]) {
      expectOk(await set(keyId, [], await world.callerWith(right)));
    }
  });
  it('SR-08 finds no absent, deleted or foreign key', () => findsNoSuchKey(set));
  it('SR-09 finds no unknown, deleted or foreign role, nor one by its id', () => findsNoSuchRole(set));
});
