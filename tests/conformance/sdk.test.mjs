// The published SDK, unchanged, through the whole life of everything that exists.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Unkey } from '@unkey/api';
import { ForbiddenErrorResponse, GoneErrorResponse, NotFoundErrorResponse } from '@unkey/api/models/errors';
import { unique, World } from './lib/world.mjs';

describe('@unkey/api against keyfold', () => {
  let world;
  let unkey;
  const sdkFor = (rootKey) => new Unkey({ rootKey, serverURL: world.server.url });

  before(async () => {
    world = await World.start();
    unkey = sdkFor(world.server.rootKey);
  });
  after(() => world.stop());

  const createApi = async () => (await unkey.apis.createApi({ name: unique('sdk') })).data.apiId;
  const getKey = async (keyId) => (await unkey.keys.getKey({ keyId })).data;
  const verify = async (request) => (await unkey.keys.verifyKey(request)).data;

  async function firstPage(pages) {
    for await (const page of await pages) return page.result;
    return undefined;
  }

  async function listed(request) {
    const keys = [];
    for await (const page of await unkey.apis.listKeys(request)) keys.push(...page.result.data);
    return keys;
  }

  it('creates an API and reads it back', async () => {
    const created = await unkey.apis.createApi({ name: 'payments' });
    assert.match(created.meta.requestId, /^req_/);
    const { data } = await unkey.apis.getApi({ apiId: created.data.apiId });
    assert.deepEqual(data, { id: created.data.apiId, name: 'payments' });
  });

  it('deletes an API, which is then not found', async () => {
    const apiId = await createApi();
    assert.deepEqual((await unkey.apis.deleteApi({ apiId })).data, {});
    await assert.rejects(unkey.apis.getApi({ apiId }), NotFoundErrorResponse);
  });

  it('creates a key with every field and reads every field back', async () => {
    const apiId = await createApi();
    const slug = unique('documents.read');
    const role = unique('editor');
    await unkey.permissions.createPermission({ name: 'read documents', slug, description: 'may read' });
    await unkey.permissions.createRole({ name: role, description: 'edits', permissions: [slug] });
    const expires = Date.now() + 86_400_000;
    const request = {
      apiId,
      prefix: 'prod',
      byteLength: 24,
      name: 'the whole key',
      externalId: unique('customer'),
      meta: { plan: 'pro', seats: 5, nested: { list: [1, null, true] } },
      expires,
      enabled: true,
      credits: { remaining: 100, refill: { interval: 'monthly', amount: 100, refillDay: 15 } },
      ratelimits: [{ name: 'requests', limit: 1000, duration: 60_000, autoApply: true }],
      roles: [role],
      permissions: ['documents.write'],
    };
    const { data: made } = await unkey.keys.createKey(request);
    assert.match(made.keyId, /^key_/);
    assert.match(made.key, /^prod_[1-9A-HJ-NP-Za-km-z]+$/);

    const key = await getKey(made.keyId);
    assert.equal(key.keyId, made.keyId);
    assert.equal(key.start, made.key.slice(0, 'prod_'.length + 4));
    assert.equal(key.name, request.name);
    assert.equal(key.enabled, true);
    assert.equal(key.expires, expires);
    assert.deepEqual(key.meta, request.meta);
    assert.deepEqual(key.credits, request.credits);
    assert.deepEqual(key.roles, [role]);
    assert.deepEqual([...key.permissions].sort(), [slug, 'documents.write'].sort());
    assert.equal(key.identity.externalId, request.externalId);
    assert.deepEqual(key.ratelimits.map(({ id, ...rest }) => rest), request.ratelimits);
  });

  it('verifies a key and tells what belongs to it', async () => {
    const apiId = await createApi();
    const { data: made } = await unkey.keys.createKey({
      apiId, name: 'verified', externalId: unique('user'), meta: { a: 1 }, permissions: ['a.read'],
    });
    const data = await verify({ key: made.key, permissions: 'a.read', tags: ['endpoint=/v1'] });
    assert.equal(data.code, 'VALID');
    assert.equal(data.valid, true);
    assert.equal(data.keyId, made.keyId);
    assert.equal(data.name, 'verified');
    assert.deepEqual(data.meta, { a: 1 });
    assert.deepEqual(data.permissions, ['a.read']);
    assert.ok(data.identity.externalId);
  });

  it('refuses by code: unknown, disabled, expired, without permission, without credits', async () => {
    const apiId = await createApi();
    const codeOf = async (fields, request = {}) => {
      const { data } = await unkey.keys.createKey({ apiId, ...fields });
      return (await verify({ key: data.key, ...request })).code;
    };
    assert.equal((await verify({ key: 'nobody_knows_me' })).code, 'NOT_FOUND');
    assert.equal(await codeOf({ enabled: false }), 'DISABLED');
    assert.equal(await codeOf({ expires: Date.now() - 1000 }), 'EXPIRED');
    assert.equal(await codeOf({ permissions: ['a'] }, { permissions: 'a AND b' }), 'INSUFFICIENT_PERMISSIONS');
    assert.equal(await codeOf({ credits: { remaining: 1 } }, { credits: { cost: 2 } }), 'USAGE_EXCEEDED');
  });

  it('spends credits one verification at a time', async () => {
    const { data } = await unkey.keys.createKey({ apiId: await createApi(), credits: { remaining: 2 } });
    assert.equal((await verify({ key: data.key })).credits, 1);
    assert.equal((await verify({ key: data.key })).credits, 0);
    assert.equal((await verify({ key: data.key })).code, 'USAGE_EXCEEDED');
  });

  it('holds a key to its rate limits', async () => {
    const ratelimits = [{ name: 'requests', limit: 2, duration: 86_400_000, autoApply: true }];
    const { data } = await unkey.keys.createKey({ apiId: await createApi(), ratelimits });
    const own = [{ name: 'own', limit: 10, duration: 86_400_000, cost: 3 }];
    const first = await verify({ key: data.key, ratelimits: own });
    assert.deepEqual(first.ratelimits.map((one) => [one.name, one.id.length > 0, one.remaining]), [['own', false, 7], ['requests', true, 1]]);
    assert.equal((await verify({ key: data.key })).code, 'VALID');
    const denied = await verify({ key: data.key });
    assert.equal(denied.code, 'RATE_LIMITED');
    assert.equal(denied.ratelimits[0].exceeded, true);
  });

  it('updates a key, member by member, and clears by null', async () => {
    const { data } = await unkey.keys.createKey({ apiId: await createApi(), name: 'old', meta: { a: 1 } });
    const { keyId } = data;
    await unkey.keys.updateKey({ keyId, name: 'new', enabled: false, credits: { remaining: 7 } });
    let key = await getKey(keyId);
    assert.equal(key.name, 'new');
    assert.equal(key.enabled, false);
    assert.equal(key.credits.remaining, 7);
    assert.deepEqual(key.meta, { a: 1 });
    await unkey.keys.updateKey({ keyId, name: null, meta: null, credits: null, enabled: true });
    key = await getKey(keyId);
    assert.ok(!('name' in key) || key.name === undefined);
    assert.equal(key.meta, undefined);
    assert.equal(key.credits, undefined);
    assert.equal((await verify({ key: data.key })).code, 'VALID');
  });

  it('lists the keys of an API page by page', async () => {
    const apiId = await createApi();
    const made = [];
    for (let i = 0; i < 5; i += 1) made.push((await unkey.keys.createKey({ apiId })).data.keyId);
    const keys = await listed({ apiId, limit: 2 });
    assert.deepEqual(keys.map((key) => key.keyId), [...made].sort());
  });

  it('lists the keys of one customer', async () => {
    const apiId = await createApi();
    const externalId = unique('customer');
    const { data } = await unkey.keys.createKey({ apiId, externalId });
    await unkey.keys.createKey({ apiId });
    assert.deepEqual((await listed({ apiId, externalId })).map((key) => key.keyId), [data.keyId]);
  });

  it('deletes a key, softly and for good', async () => {
    const apiId = await createApi();
    for (const permanent of [false, true]) {
      const { data } = await unkey.keys.createKey({ apiId });
      assert.deepEqual((await unkey.keys.deleteKey({ keyId: data.keyId, permanent })).data, {});
      assert.equal((await verify({ key: data.key })).code, 'NOT_FOUND');
      await assert.rejects(unkey.keys.getKey({ keyId: data.keyId }), NotFoundErrorResponse);
    }
  });

  it('lets an identity live, from its creation to its deletion', async () => {
    const externalId = unique('customer');
    const ratelimits = [{ name: 'requests', limit: 100, duration: 60_000, autoApply: true }];
    const { data: made } = await unkey.identities.createIdentity({ externalId, meta: { plan: 'free' }, ratelimits });
    assert.match(made.identityId, /^id_/);
    const read = async (identity) => (await unkey.identities.getIdentity({ identity })).data;
    const identity = await read(externalId);
    assert.deepEqual(identity, await read(made.identityId));
    assert.deepEqual(identity.ratelimits.map(({ id, ...rest }) => rest), ratelimits);
    const { data: key } = await unkey.keys.createKey({ apiId: await createApi(), externalId });
    const updated = await unkey.identities.updateIdentity({ identity: externalId, meta: { plan: 'pro' } });
    assert.deepEqual(updated.data, { ...identity, meta: { plan: 'pro' } });
    assert.deepEqual((await getKey(key.keyId)).identity, updated.data);
    assert.match((await unkey.identities.deleteIdentity({ identity: externalId })).meta.requestId, /^req_/);
    await assert.rejects(unkey.identities.getIdentity({ identity: externalId }), NotFoundErrorResponse);
    assert.equal((await verify({ key: key.key })).identity, undefined);
  });

  it('lists identities page by page', async () => {
    const prefix = unique('listed');
    const made = [];
    for (let i = 0; i < 5; i += 1) {
      made.push((await unkey.identities.createIdentity({ externalId: `${prefix}.${i}` })).data.identityId);
    }
    const rows = [];
    for await (const page of await unkey.identities.listIdentities({ limit: 2, search: prefix })) rows.push(...page.result.data);
    assert.deepEqual(rows.map((row) => row.id), made.sort());
  });

  it('gives a key\'s place to a new one', async () => {
    const { data: old } = await unkey.keys.createKey({ apiId: await createApi(), prefix: 'my_app', name: 'kept' });
    const { data: made } = await unkey.keys.rerollKey({ keyId: old.keyId, expiration: 0 });
    assert.match(made.key, /^my_app_/);
    assert.equal((await getKey(made.keyId)).name, 'kept');
    assert.equal((await verify({ key: old.key })).code, 'EXPIRED');
    assert.equal((await verify({ key: made.key })).code, 'VALID');
  });

  it('takes over keys of another system', async () => {
    const { migrationId } = await world.admin.ok('migrations.createMigration', { name: 'npm', algorithm: 'prefixed_api_key' });
    const long = unique('long').replaceAll('_', '');
    const hash = createHash('sha256').update(long).digest('hex');
    const keys = [{ hash, externalId: unique('customer'), roles: [unique('role')], permissions: ['documents.read'] }];
    const request = { migrationId, apiId: await createApi(), keys };
    const { data } = await unkey.keys.migrateKeys(request);
    assert.deepEqual(data.migrated.map((item) => item.hash), [hash]);
    assert.deepEqual((await unkey.keys.migrateKeys(request)).data.failed, [hash]);
    assert.equal((await verify({ key: `npm_short_${long}` })).code, 'NOT_FOUND');
    assert.equal((await verify({ key: `npm_short_${long}`, migrationId })).code, 'VALID');
    assert.equal((await verify({ key: `npm_short_${long}` })).keyId, data.migrated[0].keyId);
  });

  it('lets a customer see, reroll and count own keys in a portal', async () => {
    const apiId = await createApi();
    const externalId = unique('customer');
    const { data: old } = await unkey.keys.createKey({ apiId, externalId });
    const portal = unique('portal');
    await world.admin.ok('portals.createPortal', { slug: portal, apiIds: [apiId], baseUrl: 'https://portal.example.com' });
    const scopes = ['keys:read', 'keys:reroll', 'analytics:read'];
    const { result: minted } = await unkey.portal.createSession({ portal, externalId, scopes });
    const code = new URL(minted.data.url).searchParams.get('code');
    const { result: exchanged } = await unkey.portal.exchangeCode({ code });
    const customer = new Unkey({ serverURL: world.server.url }).portal;
    const session = { portalSession: exchanged.data.accessToken };
    const { data: made } = await customer.rerollKey(session, { keyId: old.keyId, expiration: 0 });
    const listedIds = [];
    for await (const page of await customer.listKeys(session, {})) listedIds.push(...page.result.data.map((key) => key.keyId));
    assert.deepEqual(listedIds, [old.keyId, made.keyId].sort());
    const endTime = Date.now();
    const { data: points } = await customer.getVerifications(session, { startTime: endTime - 60_000, endTime });
    assert.ok(points.length > 0);
  });

  it('counts against a limit, and against several at once', async () => {
    const asked = { namespace: unique('sdk'), identifier: 'user 1', limit: 3, duration: 86_400_000 };
    const first = (await unkey.ratelimit.limit(asked)).data;
    assert.deepEqual([first.success, first.limit, first.remaining], [true, 3, 2]);
    assert.ok(first.reset > Date.now());
    const both = (await unkey.ratelimit.multiLimit([{ ...asked, cost: 2 }, { ...asked, identifier: 'user 2' }])).data;
    assert.equal(both.passed, true);
    assert.deepEqual(both.limits.map((one) => [one.identifier, one.passed, one.remaining]), [['user 1', true, 0], ['user 2', true, 2]]);
    assert.equal((await unkey.ratelimit.limit(asked)).data.success, false);
    assert.equal((await unkey.ratelimit.multiLimit([asked, { ...asked, identifier: 'user 2' }])).data.passed, false);
  });

  it('sets, reads, lists and deletes overrides', async () => {
    const namespace = unique('sdk');
    await assert.rejects(unkey.ratelimit.setOverride({ namespace, identifier: '*', limit: 1, duration: 1000 }), NotFoundErrorResponse);
    await unkey.ratelimit.limit({ namespace, identifier: 'a', limit: 1, duration: 1000 });
    const overrides = [];
    for (const identifier of ['a', 'b*', 'c']) {
      const { data } = await unkey.ratelimit.setOverride({ namespace, identifier, limit: 9, duration: 86_400_000 });
      overrides.push({ overrideId: data.overrideId, identifier, limit: 9, duration: 86_400_000 });
    }
    assert.deepEqual((await unkey.ratelimit.getOverride({ namespace, identifier: 'bob' })).data, overrides[1]);
    const { data: used } = await unkey.ratelimit.limit({ namespace, identifier: 'bob', limit: 1, duration: 1000 });
    assert.deepEqual([used.limit, used.remaining, used.overrideId], [9, 8, overrides[1].overrideId]);
    const rows = [];
    for await (const page of await unkey.ratelimit.listOverrides({ namespace, limit: 2 })) rows.push(...page.result.data);
    const byId = (a, b) => (a.overrideId < b.overrideId ? -1 : 1);
    assert.deepEqual(rows, overrides.sort(byId));
    assert.deepEqual((await unkey.ratelimit.deleteOverride({ namespace, identifier: 'b*' })).data, {});
    await assert.rejects(unkey.ratelimit.getOverride({ namespace, identifier: 'bob' }), NotFoundErrorResponse);
  });

  it('throws the typed error of a deleted namespace, and the status of a limited workspace', async () => {
    const asked = { namespace: unique('sdk'), identifier: 'a', limit: 1, duration: 1000 };
    await unkey.ratelimit.limit(asked);
    await world.admin.ok('ratelimit.deleteNamespace', { namespace: asked.namespace });
    await assert.rejects(unkey.ratelimit.limit(asked), GoneErrorResponse);
    const { caller, workspaceId } = await world.otherWorkspace();
    await world.admin.ok('workspaces.updateWorkspace', { workspaceId, requestsPerMinute: 0 });
    // The SDK has a type for 429, but takes it only from a content type that it does not ask for.
    await assert.rejects(sdkFor(caller.rootKey).ratelimit.limit(asked), { statusCode: 429 });
  });

  it('throws the typed error of a missing permission', async () => {
    const { rootKey } = await world.callerWith('api.*.read_api');
    await assert.rejects(sdkFor(rootKey).apis.createApi({ name: 'not allowed' }), ForbiddenErrorResponse);
  });

  it('creates, reads, lists and deletes permissions', async () => {
    const slug = unique('slug');
    const { data } = await unkey.permissions.createPermission({ name: 'a permission', slug, description: 'described' });
    assert.match(data.permissionId, /^perm_/);
    const expected = { id: data.permissionId, name: 'a permission', slug, description: 'described' };
    for (const permission of [data.permissionId, slug]) {
      assert.deepEqual((await unkey.permissions.getPermission({ permission })).data, expected);
    }
    const others = [unique(`${slug}.a`), unique(`${slug}.b`)];
    for (const other of others) await unkey.permissions.createPermission({ name: other, slug: other });
    const found = [];
    for await (const page of await unkey.permissions.listPermissions({ search: slug, limit: 1 })) found.push(...page.result.data);
    assert.deepEqual(found.map((one) => one.slug).sort(), [slug, ...others].sort());
    assert.deepEqual((await unkey.permissions.deletePermission({ permission: slug })).data, {});
    await assert.rejects(unkey.permissions.getPermission({ permission: slug }), NotFoundErrorResponse);
  });

  it('creates, reads, changes, lists and deletes roles', async () => {
    const [a, b] = [unique('a'), unique('b')];
    const name = unique('role');
    const { data: { roleId } } = await unkey.permissions.createRole({ name, description: 'described', permissions: [a] });
    assert.match(roleId, /^role_/);
    const get = async () => (await unkey.permissions.getRole({ role: name })).data;
    const { permissions: [{ slug }], ...rest } = await get();
    assert.deepEqual([slug, rest], [a, { id: roleId, name, description: 'described' }]);
    const { data: set } = await unkey.permissions.setRolePermissions({ roleId, permissions: [b, a] });
    assert.deepEqual(set.map((one) => one.slug), [a, b]);
    const { data: listed } = await firstPage(unkey.permissions.listRoles({ search: name }));
    assert.deepEqual(listed, [await get()]);
    assert.deepEqual((await unkey.permissions.deleteRole({ role: roleId })).data, {});
    await assert.rejects(unkey.permissions.getRole({ role: roleId }), NotFoundErrorResponse);
  });

  it('gives permissions and roles to keys and takes them away', async () => {
    const { data: made } = await unkey.keys.createKey({ apiId: await createApi() });
    const { keyId } = made;
    const [a, b, inRole] = [unique('a'), unique('b'), unique('in.role')];
    const role = unique('role');
    await unkey.permissions.createRole({ name: role, permissions: [inRole] });
    const slugs = (answer) => answer.data.map((one) => one.slug);
    const names = (answer) => answer.data.map((one) => one.name);
    assert.deepEqual(slugs(await unkey.keys.addPermissions({ keyId, permissions: [a] })), [a]);
    assert.deepEqual(slugs(await unkey.keys.setPermissions({ keyId, permissions: [a, b] })), [a, b]);
    assert.deepEqual(slugs(await unkey.keys.removePermissions({ keyId, permissions: [a] })), [b]);
    const added = await unkey.keys.addRoles({ keyId, roles: [role] });
    assert.deepEqual([names(added), added.data[0].permissions.map((one) => one.slug)], [[role], [inRole]]);
    assert.equal((await verify({ key: made.key, permissions: `${b} AND ${inRole}` })).code, 'VALID');
    assert.deepEqual(names(await unkey.keys.removeRoles({ keyId, roles: [role] })), []);
    assert.deepEqual(names(await unkey.keys.setRoles({ keyId, roles: [role] })), [role]);
    assert.deepEqual((await getKey(keyId)).permissions, [b, inRole].sort());
    await assert.rejects(unkey.keys.addRoles({ keyId, roles: ['nobody'] }), NotFoundErrorResponse);
  });
});
