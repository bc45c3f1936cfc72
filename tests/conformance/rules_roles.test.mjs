// permissions.createRole (RC-*), getRole (RG-*), deleteRole (RD-*), listRoles (RL-*), setRolePermissions (SRP-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventsTail } from './lib/cli.mjs';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** What a request changed: `[type, payload]` of each event. */
const changesOf = async (answer) => (await world.eventsOf(answer)).map(({ type, payload }) => [type, payload]);

/** The creations of a slug. */
const createdOf = async (slug) =>
  (await eventsTail(world.server)).filter(({ type, payload }) => type === 'PermissionCreated' && payload.slug === slug);

const get = (role, caller = world.admin) => caller.ok('permissions.getRole', { role });

/** A role: `{id, name, description?}`. */
async function role({ permissions, ...fields } = {}, caller = world.admin) {
  const name = fields.name ?? unique('role');
  const { roleId } = await caller.ok('permissions.createRole', { ...fields, name, ...(permissions ? { permissions } : {}) });
  return { id: roleId, name, ...fields };
}

const named = (kind, slugs) => slugs.map((slug) => unique(`${kind}.${slug}`));

describe('permissions.createRole', () => {
  const create = (body, caller = world.admin) => caller.call('permissions.createRole', body);
  const exists = (answer) => expectError(answer, 409, 'unkey/data/role_already_exists', 'Conflicting Resource');
  const permissionsOf = async (role) => (await world.get((await world.key({ roles: [role] })).keyId)).permissions;

  it('RC-01 RC-02 creates one, with and without description', async () => {
    const name = unique('role');
    const answer = await create({ name });
    const data = expectOk(answer);
    assert.deepEqual(Object.keys(data), ['roleId']);
    assert.match(data.roleId, /^role_[A-Za-z0-9]{9}$/);
    assert.deepEqual(await changesOf(answer), [['RoleCreated', { roleId: data.roleId, name }]]);
    expectOk(await create({ name: unique('with blanks & 🔑'), description: 'described' }));
  });
  it('RC-03 links existing permissions and creates missing ones', async () => {
    const [old, fresh] = [unique('old'), unique('new')];
    const name = unique('role');
    await world.admin.ok('permissions.createPermission', { name: old, slug: old });
    const answer = await create({ name, permissions: [fresh, old, fresh.toUpperCase()] });
    const { roleId } = expectOk(answer);
    assert.deepEqual(await permissionsOf(name), [fresh, old].sort());
    const [[created, permission], [role, { permissionIds }], ...more] = await changesOf(answer);
    assert.deepEqual([created, permission.slug, role, permissionIds.length, more], ['PermissionCreated', fresh, 'RoleCreated', 2, []]);
    assert.ok(permissionIds.includes(permission.permissionId));
    assert.deepEqual((await get(roleId)).permissions.map((one) => one.slug), [fresh, old].sort());
  });
  it('RC-04 RC-07 asks for the rights that the permissions need', async () => {
    const slug = unique('slug');
    await world.admin.ok('permissions.createPermission', { name: slug, slug });
    const creator = await world.callerWith('rbac.*.create_role');
    const linker = await world.callerWith('rbac.*.create_role', 'rbac.*.add_permission_to_role');
    const maker = await world.callerWith('rbac.*.create_role', 'rbac.*.add_permission_to_role', 'rbac.*.create_permission');
    const name = unique('role');
    expectForbidden(await create({ name }, await world.callerWith('rbac.*.create_permission')));
    expectForbidden(await create({ name, permissions: [slug] }, creator));
    const missing = unique('missing');
    const refused = await create({ name, permissions: [slug, missing] }, linker);
    expectForbidden(refused);
    assert.deepEqual(await changesOf(refused), []);
    expectNotFound(await world.admin.call('permissions.getPermission', { permission: missing }), 'permission');
    expectOk(await create({ name }, creator));
    expectOk(await create({ name: unique('role'), permissions: [slug] }, linker));
    expectOk(await create({ name: unique('role'), permissions: [slug, unique('missing')] }, maker));
  });
  it('RC-05 creates a missing permission once among parallel roles', async () => {
    const slug = unique('raced');
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ name: unique('role'), permissions: [slug] })));
    answers.forEach(expectOk);
    assert.equal((await createdOf(slug)).length, 1);
    assert.equal((await world.admin.ok('permissions.listPermissions', { search: slug })).length, 1);
  });
  it('RC-06 refuses what the schema forbids', async () => {
    for (const [body, location] of [
      [{}, '/required'], [{ name: '' }, '/properties/name/minLength'], [{ name: 'n'.repeat(129) }, '/properties/name/maxLength'],
      [{ name: 'n', description: 'd'.repeat(513) }, '/properties/description/maxLength'],
      [{ name: 'n', permissions: ['a b'] }, '/items/pattern'], [{ name: 'n', permissions: 'a' }, '/properties/permissions/type'],
    ]) {
      expectInvalid(await create(body), location);
    }
    expectInvalid(await world.admin.raw('permissions.createRole', '{'));
  });
  it('RC-08 refuses a name twice, in any letter case', async () => {
    const name = unique('Admin');
    expectOk(await create({ name }));
    exists(await create({ name }));
    exists(await create({ name: name.toLowerCase() }));
    expectOk(await create({ name }, (await world.otherWorkspace()).caller));
  });
});

describe('permissions.getRole', () => {
  const ask = (name, caller = world.admin) => caller.call('permissions.getRole', { role: name });

  it('RG-01 E2E-01 shows a role with its permissions, by id and by name', async () => {
    const [b, a] = [unique('b'), unique('a')];
    const { permissionId } = await world.admin.ok('permissions.createPermission', { name: 'A', slug: a, description: 'first' });
    const full = await role({ description: 'does much', permissions: [b, a] });
    for (const name of [full.id, full.name, full.name.toUpperCase()]) {
      const { permissions: [first, second, ...rest], ...shown } = expectOk(await ask(name));
      assert.deepEqual(shown, full);
      assert.deepEqual(first, { id: permissionId, name: 'A', slug: a, description: 'first' });
      assert.deepEqual([second.name, second.slug, Object.keys(second)], [b, b, ['id', 'name', 'slug']]);
      assert.deepEqual(rest, []);
    }
    const bare = await role();
    assert.deepEqual(expectOk(await ask(bare.id)), bare);
  });
  it('RG-02 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('permissions.getRole', {}), '/required');
    expectInvalid(await ask(''), '/properties/role/minLength');
    expectInvalid(await ask('r'.repeat(129)), '/properties/role/maxLength');
  });
  it('RG-03 RG-04 forbids without the right and finds no unknown or foreign one', async () => {
    const { id, name } = await role();
    for (const one of [id, 'role_absent00']) expectForbidden(await ask(one, await world.callerWith('rbac.*.read_permission')));
    expectOk(await ask(id, await world.callerWith('rbac.*.read_role')));
    expectNotFound(await ask('role_absent00'), 'role');
    expectNotFound(await ask('nobody & nothing'), 'role');
    const foreign = await world.otherWorkspace();
    for (const one of [id, name]) expectNotFound(await ask(one, foreign.caller), 'role');
  });
});

describe('permissions.deleteRole', () => {
  const remove = (name, caller = world.admin) => caller.call('permissions.deleteRole', { role: name });

  it('RD-01 RD-02 E2E-01 takes it from every key at once, by one event', async () => {
    const slug = unique('slug');
    const linked = await role({ permissions: [slug] });
    const key = await world.key({ roles: [linked.name] });
    expectCode(await world.verify(key.key, { permissions: slug }), 'VALID');
    const answer = await remove(linked.name);
    assert.deepEqual(expectOk(answer), {});
    assert.deepEqual(await changesOf(answer), [['RoleDeleted', { roleId: linked.id }]]);
    assert.ok(!('roles' in expectCode(await world.verify(key.key, { permissions: slug }), 'INSUFFICIENT_PERMISSIONS')));
    const shown = await world.get(key.keyId);
    assert.ok(!('roles' in shown) && !('permissions' in shown));
    expectNotFound(await world.admin.call('permissions.getRole', { role: linked.id }), 'role');
    await world.admin.ok('permissions.getPermission', { permission: slug });
    expectOk(await remove((await role()).id));
  });
  it('6.3 frees the name for another role, which no key has', async () => {
    const slug = unique('slug');
    const old = await role({ permissions: [slug] });
    const key = await world.key({ roles: [old.name] });
    expectOk(await remove(old.id));
    const again = await role({ name: old.name, permissions: [slug] });
    assert.notEqual(again.id, old.id);
    expectCode(await world.verify(key.key, { permissions: slug }), 'INSUFFICIENT_PERMISSIONS');
    assert.ok(!('roles' in await world.get(key.keyId)));
  });
  it('RD-03 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('permissions.deleteRole', {}), '/required');
    expectInvalid(await remove(''), '/properties/role/minLength');
  });
  it('RD-04 RD-05 forbids without the right and finds no unknown, deleted or foreign one', async () => {
    const { id, name } = await role();
    expectForbidden(await remove(id, await world.callerWith('rbac.*.create_role', 'rbac.*.delete_permission')));
    const foreign = await world.otherWorkspace();
    for (const one of [id, name]) expectNotFound(await remove(one, foreign.caller), 'role');
    expectNotFound(await remove('nobody'), 'role');
    expectOk(await remove(id, await world.callerWith('rbac.*.delete_role')));
    for (const one of [id, name]) expectNotFound(await remove(one), 'role');
  });
});

describe('permissions.listRoles', () => {
  const list = (body = {}, caller = world.admin) => caller.call('permissions.listRoles', body);

  it('RL-01 E2E-01 lists the roles of its own workspace with their permissions, page by page, and searches them', async () => {
    const { caller } = await world.otherWorkspace();
    const empty = await list({}, caller);
    assert.deepEqual([expectOk(empty), empty.body.pagination], [[], { hasMore: false }]);
    const made = [];
    for (const fields of [{ name: 'Reader of docs', permissions: ['b', 'a'] }, { name: 'a_b' }, { name: 'axb', permissions: ['a'] },
      { name: 'other', description: '100% Sure' }]) {
      made.push(await role(fields, caller));
    }
    made.sort((a, b) => (a.id < b.id ? -1 : 1));
    const answer = await list({}, caller);
    assert.deepEqual(expectOk(answer), await Promise.all(made.map(({ id }) => get(id, caller))));
    assert.deepEqual(answer.data.map((one) => one.id), made.map((one) => one.id));
    assert.deepEqual(answer.data.find((one) => one.name === 'Reader of docs').permissions.map((one) => one.slug), ['a', 'b']);
    assert.ok(!('permissions' in answer.data.find((one) => one.name === 'a_b')));

    for (const limit of [1, 3, 4]) {
      const seen = [];
      for (let body = { limit }; body;) {
        const page = await list(body, caller);
        seen.push(...expectOk(page));
        body = page.body.pagination.hasMore ? { limit, cursor: page.body.pagination.cursor } : undefined;
      }
      assert.deepEqual(seen, answer.data);
    }

    const found = async (search) => expectOk(await list({ search }, caller)).map((one) => one.name).sort();
    assert.deepEqual(await found('READER OF'), ['Reader of docs']);
    assert.deepEqual(await found('0% sure'), ['other']);
    assert.deepEqual(await found('a_b'), ['a_b']);
    assert.deepEqual(await found(made[1].id.toUpperCase()), [made[1].name]);
    assert.deepEqual(await found('r%r'), []);
    assert.deepEqual(await found(' \t'), made.map((one) => one.name).sort());
    expectInvalid(await list({ search: 's'.repeat(257) }), '/properties/search/maxLength');
    expectInvalid(await list({ limit: 101 }), '/properties/limit/maximum');
    expectForbidden(await list({}, await world.callerWith('rbac.*.read_permission')));
    expectOk(await list({}, await world.callerWith('rbac.*.read_role')));
  });
});

describe('permissions.setRolePermissions', () => {
  const set = (roleId, permissions, caller = world.admin) =>
    caller.call('permissions.setRolePermissions', { roleId, permissions });
  const slugsOf = (answer) => expectOk(answer).map((one) => one.slug);

  it('SRP-01 replaces them by distinct, sorted ones and creates those that are missing', async () => {
    const [old, kept, fresh] = named('srp', ['old', 'kept', 'fresh']);
    const one = await role({ permissions: [old, kept] });
    const answer = await set(one.id, [kept, fresh, fresh.toUpperCase(), kept.toUpperCase()]);
    assert.deepEqual(slugsOf(answer), [fresh, kept].sort());
    assert.deepEqual(answer.data, (await get(one.id)).permissions);
    const [[created, permission], [changed, { roleId, connectedIds, disconnectedIds }], ...more] = await changesOf(answer);
    assert.deepEqual([created, permission.slug, changed, roleId, more], ['PermissionCreated', fresh, 'RolePermissionsChanged', one.id, []]);
    assert.deepEqual([connectedIds, disconnectedIds.length], [[permission.permissionId], 1]);
  });
  it('SRP-02 does nothing for an equal set', async () => {
    const [a, b] = named('srp', ['a', 'b']);
    const one = await role({ permissions: [a, b] });
    const answer = await set(one.id, [b.toUpperCase(), a]);
    assert.deepEqual(slugsOf(answer), [a, b].sort());
    assert.deepEqual(await changesOf(answer), []);
  });
  it('SRP-03 XX-04 clears them, which the keys of the role notice at once', async () => {
    const slug = unique('slug');
    const one = await role({ permissions: [slug] });
    const { key, keyId } = await world.key();
    await world.admin.ok('keys.addRoles', { keyId, roles: [one.name] });
    expectCode(await world.verify(key, { permissions: slug }), 'VALID');
    assert.deepEqual(slugsOf(await set(one.id, [])), []);
    expectCode(await world.verify(key, { permissions: slug }), 'INSUFFICIENT_PERMISSIONS');
    assert.ok(!('permissions' in await get(one.id)));
    assert.deepEqual(slugsOf(await set(one.id, [slug])), [slug]);
    expectCode(await world.verify(key, { permissions: slug }), 'VALID');
  });
  it('SRP-04 finds no unknown, foreign or deleted role, nor one by its name', async () => {
    const one = await role();
    const foreign = await world.otherWorkspace();
    expectNotFound(await set(one.id, [], foreign.caller), 'role');
    for (const id of ['role_absent00', one.name]) expectNotFound(await set(id, []), 'role');
    await world.admin.ok('permissions.deleteRole', { role: one.id });
    expectNotFound(await set(one.id, []), 'role');
  });
  it('SRP-05 asks for the rights that it needs, or writes nothing', async () => {
    const [known, missing] = named('srp', ['known', 'missing']);
    await world.admin.ok('permissions.createPermission', { name: known, slug: known });
    const one = await role();
    const both = ['rbac.*.add_permission_to_role', 'rbac.*.remove_permission_from_role'];
    for (const held of [[], [both[0]], [both[1]], ['rbac.*.create_role']]) {
      expectForbidden(await set(one.id, [known], await world.callerWith(...held)));
    }
    const refused = await set(one.id, [known, missing], await world.callerWith(...both));
    expectForbidden(refused);
    assert.deepEqual(await changesOf(refused), []);
    assert.ok(!('permissions' in await get(one.id)));
    assert.deepEqual(slugsOf(await set(one.id, [known], await world.callerWith(...both))), [known]);
    const urn = `unkey:v1:${world.workspaceId}:rbac/permissions/*#create_permission`;
    for (const right of ['rbac.*.create_permission', urn]) {
      const slug = unique('srp.made');
      assert.deepEqual(slugsOf(await set(one.id, [slug], await world.callerWith(...both, right))), [slug]);
    }
  });
  it('SRP-06 refuses what the schema forbids, and unknown callers', async () => {
    for (const [body, location] of [
      [{ permissions: [] }, '/required'], [{ roleId: 'role_1' }, '/required'],
      [{ roleId: 'ab', permissions: [] }, '/properties/roleId/minLength'],
      [{ roleId: 'a b c', permissions: [] }, '/properties/roleId/pattern'],
      [{ roleId: 'role_1', permissions: 'a' }, '/properties/permissions/type'],
      [{ roleId: 'role_1', permissions: ['a b'] }, '/items/pattern'],
      [{ roleId: 'role_1', permissions: Array(1001).fill('a') }, '/properties/permissions/maxItems'],
    ]) {
      expectInvalid(await world.admin.call('permissions.setRolePermissions', body), location);
    }
    expectInvalid(await world.admin.raw('permissions.setRolePermissions', '{"roleId":'));
    expectError(await world.admin.call('permissions.setRolePermissions', { roleId: 'role_1', permissions: [] },
      { Authorization: 'Bearer unkey_unknown' }), 401, 'unkey/authentication/key_not_found');
  });
  it('SRP-07 creates a missing permission once among parallel calls', async () => {
    const slug = unique('raced');
    const roles = await Promise.all(Array.from({ length: 10 }, () => role()));
    const answers = await Promise.all(roles.map(({ id }) => set(id, [slug])));
    assert.equal(new Set(answers.map((answer) => expectOk(answer)[0].id)).size, 1);
    assert.equal((await createdOf(slug)).length, 1);
  });
});
