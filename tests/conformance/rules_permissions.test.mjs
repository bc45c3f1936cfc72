// permissions.createPermission (CP-*), permissions.createRole (RC-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectError, expectForbidden, expectInvalid, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('permissions.createPermission', () => {
  const create = (body, caller = world.admin) => caller.call('permissions.createPermission', body);
  const exists = (answer) => expectError(answer, 409, 'unkey/data/permission_already_exists', 'Conflicting Resource');

  it('CP-01 CP-02 creates one, with and without description', async () => {
    const data = expectOk(await create({ name: 'Read', slug: unique('read'), description: 'may read' }));
    assert.deepEqual(Object.keys(data), ['permissionId']);
    assert.match(data.permissionId, /^perm_[A-Za-z0-9]{9}$/);
    expectOk(await create({ name: 'Write', slug: unique('write') }));
  });
  it('CP-03 refuses what the schema forbids', async () => {
    for (const [body, location] of [
      [{ slug: 'a' }, '/required'], [{ name: 'n' }, '/required'], [{ name: '', slug: 'a' }, '/properties/name/minLength'],
      [{ name: 'n', slug: '' }, '/properties/slug/minLength'], [{ name: 'n', slug: 'a b' }, '/properties/slug/pattern'],
      [{ name: 'n', slug: 'a$' }, '/properties/slug/pattern'], [{ name: 'n', slug: 'a/b' }, '/properties/slug/pattern'],
      [{ name: 'n', slug: 's'.repeat(129) }, '/properties/slug/maxLength'],
      [{ name: 'n', slug: 'a\n' }, '/properties/slug/pattern'],
      [{ name: 'n', slug: 'a', description: 'd'.repeat(513) }, '/properties/description/maxLength'],
    ]) {
      expectInvalid(await create(body), location);
    }
    expectInvalid(await world.admin.raw('permissions.createPermission', '{"name":'));
  });
  it('CP-04 takes letters, digits and _ . - : * in a slug', async () => {
    for (const slug of ['letters', 'd1g1ts', 'a_b', 'a.b', 'a-b', 'a:b', 'api.*', '*', 's'.repeat(128)]) {
      expectOk(await create({ name: slug, slug }));
    }
  });
  it('CP-05 forbids without the right and refuses a slug twice, in any letter case', async () => {
    const slug = unique('Twice');
    expectForbidden(await create({ name: 'n', slug }, await world.callerWith('rbac.*.create_role')));
    expectOk(await create({ name: 'n', slug }, await world.callerWith('rbac.*.create_permission')));
    exists(await create({ name: 'other', slug }));
    exists(await create({ name: 'other', slug: slug.toUpperCase() }));
    expectOk(await create({ name: 'n', slug }, (await world.otherWorkspace()).caller));
  });
  it('CP-06 knows the permissions that keys brought along', async () => {
    const slug = unique('auto');
    await world.key({ permissions: [slug] });
    exists(await create({ name: 'late', slug }));
  });
});

describe('permissions.createRole', () => {
  const create = (body, caller = world.admin) => caller.call('permissions.createRole', body);
  const exists = (answer) => expectError(answer, 409, 'unkey/data/role_already_exists', 'Conflicting Resource');
  const permissionsOf = async (role) => (await world.get((await world.key({ roles: [role] })).keyId)).permissions;

  it('RC-01 RC-02 creates one, with and without description', async () => {
    const data = expectOk(await create({ name: unique('role') }));
    assert.deepEqual(Object.keys(data), ['roleId']);
    assert.match(data.roleId, /^role_[A-Za-z0-9]{9}$/);
    expectOk(await create({ name: unique('with blanks & 🔑'), description: 'described' }));
  });
  it('RC-03 links existing permissions and creates missing ones', async () => {
    const [old, fresh] = [unique('old'), unique('new')];
    const name = unique('role');
    await world.admin.ok('permissions.createPermission', { name: old, slug: old });
    expectOk(await create({ name, permissions: [fresh, old, fresh] }));
    assert.deepEqual(await permissionsOf(name), [fresh, old].sort());
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
    expectForbidden(await create({ name, permissions: [slug, unique('missing')] }, linker));
    expectOk(await create({ name }, creator));
    expectOk(await create({ name: unique('role'), permissions: [slug] }, linker));
    expectOk(await create({ name: unique('role'), permissions: [slug, unique('missing')] }, maker));
  });
  it('RC-05 creates a missing permission once among parallel roles', async () => {
    const slug = unique('raced');
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ name: unique('role'), permissions: [slug] })));
    answers.forEach(expectOk);
    expectError(await world.admin.call('permissions.createPermission', { name: slug, slug }), 409,
      'unkey/data/permission_already_exists');
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
