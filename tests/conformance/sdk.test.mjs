// The published SDK, unchanged, through the whole life of everything that exists.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Unkey } from '@unkey/api';
import { ForbiddenErrorResponse, NotFoundErrorResponse } from '@unkey/api/models/errors';
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

  it('throws the typed error of a missing permission', async () => {
    const { rootKey } = await world.callerWith('api.*.read_api');
    await assert.rejects(sdkFor(rootKey).apis.createApi({ name: 'not allowed' }), ForbiddenErrorResponse);
  });

  it('creates permissions and roles', async () => {
    const slug = unique('slug');
    const permission = await unkey.permissions.createPermission({ name: 'a permission', slug });
    assert.match(permission.data.permissionId, /^perm_/);
    const role = await unkey.permissions.createRole({ name: unique('role'), permissions: [slug] });
    assert.match(role.data.roleId, /^role_/);
  });
});
