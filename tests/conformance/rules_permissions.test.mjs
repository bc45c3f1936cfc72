// permissions.createPermission (CP-*), getPermission (PG-*), deletePermission (PD-*), listPermissions (PL-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('permissions.createPermission', () => {
  const create = (body, caller = world.admin) => caller.call('permissions.createPermission', body);
  const exists = (answer) => expectError(answer, 409, 'unkey/data/permission_already_exists', 'Conflicting Resource');

  it('CP-01 CP-02 creates one, with and without description', async () => {
    const described = { name: 'Read', slug: unique('read'), description: 'may read' };
    const answer = await create(described);
    const data = expectOk(answer);
    assert.deepEqual(Object.keys(data), ['permissionId']);
    assert.match(data.permissionId, /^perm_[A-Za-z0-9]{9}$/);
    const [event, ...more] = await world.eventsOf(answer);
    assert.deepEqual([event.type, event.payload], ['PermissionCreated', { permissionId: data.permissionId, ...described }]);
    assert.deepEqual(more, []);
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
    const [{ id, ...listed }] = await world.admin.ok('permissions.listPermissions', { search: slug });
    assert.match(id, /^perm_/);
    assert.deepEqual(listed, { name: slug, slug });
  });
});

/** A permission of the administrator's workspace: `{id, name, slug, description?}`. */
async function permission(fields = {}, caller = world.admin) {
  const slug = fields.slug ?? unique('perm');
  const { permissionId } = await caller.ok('permissions.createPermission', { name: slug, ...fields, slug });
  return { id: permissionId, name: slug, ...fields, slug };
}

describe('permissions.getPermission', () => {
  const get = (named, caller = world.admin) => caller.call('permissions.getPermission', { permission: named });

  it('PG-01 E2E-01 finds it by id and by slug, with all that was set', async () => {
    const described = await permission({ name: 'Read everything', description: 'may read' });
    const bare = await permission();
    for (const one of [described, bare]) {
      for (const named of [one.id, one.slug, one.slug.toUpperCase()]) assert.deepEqual(expectOk(await get(named)), one);
    }
    assert.ok(!('description' in bare));
  });
  it('PG-02 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('permissions.getPermission', {}), '/required');
    expectInvalid(await get(''), '/properties/permission/minLength');
    expectInvalid(await get('a b'), '/properties/permission/pattern');
    expectInvalid(await get('p'.repeat(129)), '/properties/permission/maxLength');
  });
  it('PG-03 PG-04 forbids without the right and finds no unknown or foreign one', async () => {
    const { id, slug } = await permission();
    for (const named of [id, 'perm_absent00']) {
      expectForbidden(await get(named, await world.callerWith('rbac.*.create_permission', 'rbac.*.read_role')));
    }
    expectOk(await get(id, await world.callerWith('rbac.*.read_permission')));
    for (const named of ['perm_absent00', unique('unknown')]) expectNotFound(await get(named), 'permission');
    const foreign = await world.otherWorkspace();
    for (const named of [id, slug]) expectNotFound(await get(named, foreign.caller), 'permission');
  });
});

describe('permissions.deletePermission', () => {
  const remove = (named, caller = world.admin) => caller.call('permissions.deletePermission', { permission: named });
  const get = (named) => world.admin.call('permissions.getPermission', { permission: named });

  it('PD-01 PD-02 XX-03 E2E-01 takes it from every key and role at once, by one event', async () => {
    const one = await permission({ description: 'described' });
    const other = await permission();
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role, permissions: [one.slug, other.slug] });
    const direct = await world.key({ permissions: [one.slug] });
    const indirect = await world.key({ roles: [role] });
    for (const { key } of [direct, indirect]) expectCode(await world.verify(key, { permissions: one.slug }), 'VALID');

    const answer = await remove(one.slug);
    assert.deepEqual(expectOk(answer), {});
    const events = (await world.eventsOf(answer)).map(({ type, payload }) => [type, payload]);
    assert.deepEqual(events, [['PermissionDeleted', { permissionId: one.id }]]);

    for (const { key } of [direct, indirect]) {
      expectCode(await world.verify(key, { permissions: one.slug }), 'INSUFFICIENT_PERMISSIONS');
    }
    assert.ok(!('permissions' in await world.get(direct.keyId)));
    assert.deepEqual((await world.get(indirect.keyId)).permissions, [other.slug]);
    assert.deepEqual((await world.admin.ok('permissions.getRole', { role })).permissions, [other]);
    for (const named of [one.id, one.slug]) expectNotFound(await get(named), 'permission');
  });
  it('6.3 frees the slug for another permission, which nobody has', async () => {
    const old = await permission();
    const role = unique('role');
    await world.admin.ok('permissions.createRole', { name: role, permissions: [old.slug] });
    const direct = await world.key({ permissions: [old.slug] });
    const indirect = await world.key({ roles: [role] });
    expectOk(await remove(old.id));
    const again = await permission({ slug: old.slug });
    assert.notEqual(again.id, old.id);
    for (const { key, keyId } of [direct, indirect]) {
      expectCode(await world.verify(key, { permissions: old.slug }), 'INSUFFICIENT_PERMISSIONS');
      assert.ok(!('permissions' in await world.get(keyId)));
    }
    assert.deepEqual(await world.admin.ok('keys.addPermissions', { keyId: direct.keyId, permissions: [old.slug] }), [again]);
    expectCode(await world.verify(direct.key, { permissions: old.slug }), 'VALID');
    expectCode(await world.verify(indirect.key, { permissions: old.slug }), 'INSUFFICIENT_PERMISSIONS');
  });
  it('PD-03 refuses what the schema forbids', async () => {
    expectInvalid(await world.admin.call('permissions.deletePermission', {}), '/required');
    expectInvalid(await remove(''), '/properties/permission/minLength');
  });
  it('PD-04 PD-05 forbids without the right and finds no unknown, deleted or foreign one', async () => {
    const { id, slug } = await permission();
    expectForbidden(await remove(id, await world.callerWith('rbac.*.create_permission', 'rbac.*.delete_role')));
    const foreign = await world.otherWorkspace();
    for (const named of [id, slug]) expectNotFound(await remove(named, foreign.caller), 'permission');
    expectNotFound(await remove(unique('unknown')), 'permission');
    expectOk(await remove(id, await world.callerWith('rbac.*.delete_permission')));
    for (const named of [id, slug]) expectNotFound(await remove(named), 'permission');
  });
});

describe('permissions.listPermissions', () => {
  const list = (body = {}, caller = world.admin) => caller.call('permissions.listPermissions', body);
  let other;
  let made;
  before(async () => {
    other = (await world.otherWorkspace()).caller;
    made = [];
    for (const fields of [{ slug: 'docs.read', name: 'Reading' }, { slug: 'docs.write' }, { slug: 'a_b' }, { slug: 'axb' },
      { slug: 'other', description: '100% sure' }]) {
      made.push(await permission(fields, other));
    }
    made.sort((a, b) => (a.id < b.id ? -1 : 1));
  });
  const found = async (search) => expectOk(await list({ search }, other)).map((one) => one.slug).sort();

  it('PL-01 PL-07 E2E-01 lists the permissions of its own workspace, by id', async () => {
    const answer = await list({}, other);
    assert.deepEqual(expectOk(answer), made);
    assert.deepEqual(answer.body.pagination, { hasMore: false });
    const own = await permission();
    assert.ok(expectOk(await list({ search: own.slug })).some((one) => one.id === own.id));
    assert.deepEqual(expectOk(await list({ search: made[0].id })), []);
  });
  it('PL-02 is empty in an empty workspace', async () => {
    const answer = await list({}, (await world.otherWorkspace()).caller);
    assert.deepEqual([expectOk(answer), answer.body.pagination], [[], { hasMore: false }]);
  });
  it('PL-03 shows everything once, page by page', async () => {
    for (const limit of [1, 2, 4, 5, 100]) {
      const seen = [];
      for (let body = { limit }; body;) {
        const answer = await list(body, other);
        seen.push(...expectOk(answer));
        const { hasMore, cursor } = answer.body.pagination;
        assert.equal(hasMore, cursor !== undefined);
        body = hasMore ? { limit, cursor } : undefined;
      }
      assert.deepEqual(seen, made);
    }
    assert.deepEqual(expectOk(await list({ cursor: 'zzz' }, other)), []);
    assert.deepEqual(expectOk(await list({ cursor: '' }, other)), made);
  });
  it('PL-04 searches ids, names, slugs and descriptions, with no wildcards', async () => {
    const all = made.map((one) => one.slug).sort();
    assert.deepEqual(await found('READ'), ['docs.read']);
    assert.deepEqual(await found(' docs. '), ['docs.read', 'docs.write']);
    assert.deepEqual(await found(made[2].id.toLowerCase()), [made[2].slug]);
    assert.deepEqual(await found('0% s'), ['other']);
    assert.deepEqual(await found('a_b'), ['a_b']);
    assert.deepEqual(await found('d%s'), []);
    assert.deepEqual(await found('nothing like it'), []);
    for (const blank of ['', '  \t ']) assert.deepEqual(await found(blank), all);
    const page = await list({ search: 'docs.', limit: 1 }, other);
    assert.equal(expectOk(page).length, 1);
    const next = expectOk(await list({ search: 'docs.', limit: 1, cursor: page.body.pagination.cursor }, other));
    assert.deepEqual([...page.data, ...next].map((one) => one.slug).sort(), ['docs.read', 'docs.write']);
  });
  it('PL-05 refuses a search of 257 characters, and limits beyond 1 to 100', async () => {
    expectOk(await list({ search: 's'.repeat(256) }));
    expectInvalid(await list({ search: 's'.repeat(257) }), '/properties/search/maxLength');
    expectInvalid(await list({ limit: 0 }), '/properties/limit/minimum');
    expectInvalid(await list({ limit: 101 }), '/properties/limit/maximum');
  });
  it('PL-06 forbids without the right', async () => {
    expectForbidden(await list({}, await world.callerWith('rbac.*.read_role')));
    expectOk(await list({}, await world.callerWith('rbac.*.read_permission')));
  });
});
