// keys.verifyKey but for rate limits (VK-*), permission expressions (EX*), and scenarios over several endpoints (XX-*).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectInvalid, expectOk, members } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('keys.verifyKey', () => {
  const verify = (key, more, caller) => world.verify(key, more, caller);
  const syntaxError = (answer) => assert.deepEqual(
    expectError(answer, 400, 'user/bad_request/permissions_query_syntax_error', 'Bad Request').errors, []);

  it('VK-01 VK-35 answers a bare key with code, valid, enabled and keyId', async () => {
    const { keyId, key } = await world.key();
    const data = expectCode(await verify(key), 'VALID');
    assert.deepEqual(data, { code: 'VALID', valid: true, enabled: true, keyId });
  });
  it('VK-02 VK-37 lets a key expire while the server runs', async () => {
    const { key } = await world.key({ name: 'short', expires: Date.now() + 1500 });
    expectCode(await verify(key), 'VALID');
    await sleep(1600);
    const data = expectCode(await verify(key), 'EXPIRED');
    assert.equal(data.name, 'short');
    assert.ok(data.expires > 0);
  });
  it('VK-03 VK-37 shows what a disabled key holds', async () => {
    const { key } = await world.key({ enabled: false, permissions: ['vk.held'] });
    const data = expectCode(await verify(key), 'DISABLED');
    assert.equal(data.enabled, false);
    assert.deepEqual(data.permissions, ['vk.held']);
  });
  for (const [rule, remaining, cost, code, left] of [
    ['VK-04', 5, undefined, 'VALID', 4], ['VK-05', 0, undefined, 'USAGE_EXCEEDED', 0], ['VK-06', 5, 5, 'VALID', 0],
    ['VK-07', 5, 15, 'USAGE_EXCEEDED', 5], ['VK-08', 0, 0, 'VALID', 0],
  ]) {
    it(`${rule} of ${remaining} credits at cost ${cost ?? 'default'} leaves ${left}`, async () => {
      const { keyId, key } = await world.key({ credits: { remaining } });
      const data = expectCode(await verify(key, cost === undefined ? {} : { credits: { cost } }), code);
      assert.equal(data.credits, left);
      assert.equal((await world.get(keyId)).credits.remaining, left);
    });
  }
  it('4.4 charges an unlimited key nothing', async () => {
    const { key } = await world.key();
    assert.ok(!('credits' in expectCode(await verify(key, { credits: { cost: 1000 } }), 'VALID')));
  });
  it('VK-10 VK-17 tells roles, direct and inherited permissions, and the identity', async () => {
    const slugs = [unique('r1'), unique('r2'), unique('direct')];
    const role = unique('role');
    const externalId = unique('customer');
    await world.admin.ok('permissions.createRole', { name: role, permissions: slugs.slice(0, 2) });
    const { key } = await world.key({ name: 'rich', meta: { m: 1 }, externalId, roles: [role], permissions: [slugs[2], slugs[0]] });
    const data = expectCode(await verify(key, { permissions: slugs.join(' AND ') }), 'VALID');
    assert.equal(data.name, 'rich');
    assert.deepEqual(data.meta, { m: 1 });
    assert.deepEqual(data.roles, [role]);
    assert.deepEqual(data.permissions, [...slugs].sort());
    assert.deepEqual(members(data.identity), ['externalId', 'id']);
    assert.equal(data.identity.externalId, externalId);
  });
  it('VK-11 VK-28 refuses a permission not held and charges nothing for it', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 3 }, permissions: ['a'] });
    expectCode(await verify(key, { permissions: 'b' }), 'INSUFFICIENT_PERMISSIONS');
    assert.equal((await world.get(keyId)).credits.remaining, 3);
  });
  it('VK-18 answers NOT_FOUND to callers without verify_key for the API', async () => {
    const { key, apiId } = await world.key();
    const ws = world.workspaceId;
    for (const grants of [[], ['api.*.read_key'], [`api.${await world.api()}.verify_key`]]) {
      expectCode(await verify(key, {}, await world.callerWith(...grants)), 'NOT_FOUND');
    }
    for (const grant of ['api.*.verify_key', `api.${apiId}.verify_key`, `unkey:v1:${ws}:keyspaces/*/keys/*#verify_key`]) {
      expectCode(await verify(key, {}, await world.callerWith(grant)), 'VALID');
    }
  });
  it('VK-19 VK-33 knows no unknown, deleted or foreign key and no root key', async () => {
    const { keyId, key } = await world.key();
    expectCode(await verify('unknown'), 'NOT_FOUND');
    expectCode(await verify(key, {}, (await world.otherWorkspace()).caller), 'NOT_FOUND');
    expectCode(await verify(world.server.rootKey), 'NOT_FOUND');
    await world.admin.ok('keys.deleteKey', { keyId });
    expectCode(await verify(key), 'NOT_FOUND');
  });
  it('VK-20 VK-21 VK-34 refuses what the schema forbids', async () => {
    const { key } = await world.key();
    for (const [body, location] of [
      [{}, '/required'], [{ key: '' }, '/properties/key/minLength'], [{ key: 1 }, '/properties/key/type'],
      [{ key: null }, '/properties/key/type'], [{ key: 'k'.repeat(513) }, '/properties/key/maxLength'],
      [{ key, permissions: '' }, '/properties/permissions/minLength'],
      [{ key, permissions: 'p'.repeat(1001) }, '/properties/permissions/maxLength'],
      [{ key, permissions: ['p'] }, '/properties/permissions/type'],
      [{ key, credits: {} }, '/required'], [{ key, credits: { cost: -1 } }, '/minimum'],
      [{ key, credits: { cost: 1.5 } }, '/type'], [{ key, credits: { cost: 1, more: 1 } }, '/additionalProperties'],
      [{ key, ratelimits: [{ name: 'abc', cost: -1 }] }, '/minimum'], [{ key, ratelimits: [{}] }, '/required'],
      [{ key, tags: 'tag' }, '/properties/tags/type'], [{ key, unknown: 1 }, '/additionalProperties'],
      [{ key, migrationId: 'm'.repeat(257) }, '/properties/migrationId/maxLength'],
    ]) {
      expectInvalid(await world.admin.call('keys.verifyKey', body), location);
    }
    expectCode(await verify('k'.repeat(512)), 'NOT_FOUND');
  });
  it('VK-22 takes up to 20 tags of any characters', async () => {
    const { key } = await world.key();
    expectCode(await verify(key, { tags: ['a/b?c=d', 'ünïcødé', '🔑', ' blank ', 't'.repeat(512)] }), 'VALID');
    expectCode(await verify(key, { tags: Array.from({ length: 20 }, (_, i) => `t${i}`) }), 'VALID');
    expectInvalid(await verify(key, { tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }), '/properties/tags/maxItems');
    expectInvalid(await verify(key, { tags: [''] }), '/items/minLength');
    expectInvalid(await verify(key, { tags: ['t'.repeat(513)] }), '/items/maxLength');
  });
  it('VK-27 lets exactly as many parallel verifications pass as there are credits', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 10 } });
    const codes = (await Promise.all(Array.from({ length: 100 }, () => verify(key)))).map((answer) => expectOk(answer).code);
    assert.equal(codes.filter((code) => code === 'VALID').length, 10);
    assert.equal(codes.filter((code) => code === 'USAGE_EXCEEDED').length, 90);
    assert.equal((await world.get(keyId)).credits.remaining, 0);
  });
  it('VK-32 knows no migration', async () => { expectCode(await verify('unknown', { migrationId: 'none' }), 'NOT_FOUND'); });
  it('VK-23 VK-36 refuses malformed expressions', async () => {
    const { key } = await world.key();
    for (const permissions of ['a AND', '(a', '()', 'AND a', 'a b', 'a)', '   ', 'a$b', 'a OR OR b', 'a,b', '(', 'OR']) {
      syntaxError(await verify(key, { permissions }));
    }
  });
  it('VK-26 judges the expression before the state of the key', async () => {
    const expired = await world.key({ expires: 1 });
    const disabled = await world.key({ enabled: false });
    for (const { key } of [expired, disabled]) syntaxError(await verify(key, { permissions: 'a AND' }));
  });
  it('4.1 answers NOT_FOUND before it parses the expression', async () => {
    expectCode(await verify('unknown', { permissions: 'a AND' }), 'NOT_FOUND');
  });
  it('4.1 judges state, expiry, permission and credits in this order', async () => {
    const spent = { credits: { remaining: 0 } };
    const lacking = { permissions: 'not.held' };
    const codeOf = async (fields) => expectOk(await verify((await world.key({ ...spent, ...fields })).key, lacking)).code;
    assert.equal(await codeOf({ enabled: false, expires: 1 }), 'DISABLED');
    assert.equal(await codeOf({ expires: 1 }), 'EXPIRED');
    assert.equal(await codeOf({}), 'INSUFFICIENT_PERMISSIONS');
  });
  it('4.2 shows the live balance whatever the outcome', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 100 } });
    for (let i = 0; i < 3; i += 1) expectCode(await verify(key), 'VALID');
    assert.equal(expectCode(await verify(key, { permissions: 'no' }), 'INSUFFICIENT_PERMISSIONS').credits, 97);
    await world.update(keyId, { enabled: false });
    assert.equal(expectCode(await verify(key), 'DISABLED').credits, 97);
  });
});

describe('permission expressions', () => {
  let key;
  before(async () => {
    ({ key } = await world.key({ permissions: ['a', 'b', 'api.*', 'documents:read', 'x_y-z', 'android', 'order', 'ANDREW'] }));
  });
  const outcome = async (permissions) => expectOk(await world.verify(key, { permissions })).valid;

  for (const [rule, expression, expected] of [
    ['VK-12', 'a AND b', true], ['VK-12', 'a AND c', false], ['EX1', 'c OR a', true], ['EX1', 'a OR b AND c', true],
    ['EX1', '(a OR b) AND c', false], ['EX1', '((a))', true], ['EX1', '(a AND (c OR (b)))', true],
    ['EX2', 'a and b', true], ['EX2', 'c Or a', true], ['EX2', 'android', true], ['EX2', 'order AND ANDREW', true],
    ['EX3', '  a\tAND\r\n b ', true], ['EX3', '(a)AND(b)', true],
    ['VK-15', 'x_y-z AND documents:read AND api.*', true], ['EX4', 'x_y-z AND documents:read', true], ['EX4', 'a/b OR a', true],
    ['EX6', 'api.read', false], ['EX6', 'api.*', true], ['VK-13', 'api.* OR api.edit', true], ['EX6', 'A', false],
    ['VK-14', 'documents:read AND (c OR b)', true],
    ['VK-16', `${Array.from({ length: 24 }, (_, i) => `(n${i} OR a)`).join(' AND ')} AND b`, true],
  ]) {
    it(`${rule} ${JSON.stringify(expression.slice(0, 60))} is ${expected}`, async () => {
      assert.equal(await outcome(expression), expected);
    });
  }
});

describe('scenarios', () => {
  it('E2E-06 shows meta, identity and the rate limit applied, and asks for permissions', async () => {
    const externalId = unique('customer');
    const { key } = await world.key({
      meta: { plan: 'pro' }, externalId, permissions: ['docs.read'],
      ratelimits: [{ name: 'requests', limit: 10, duration: 86_400_000, autoApply: true }],
    });
    const data = expectCode(await world.verify(key, { permissions: 'docs.read' }), 'VALID');
    assert.deepEqual(data.meta, { plan: 'pro' });
    assert.equal(data.identity.externalId, externalId);
    assert.deepEqual(data.ratelimits.map((one) => [one.name, one.remaining]), [['requests', 9]]);
    expectCode(await world.verify(key, { permissions: 'docs.write' }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual((await world.admin.ok('keys.whoami', { key })).ratelimits.map((one) => one.limit), [10]);
  });
  it('XX-01 lets a key live from creation to its last credit and beyond', async () => {
    const { keyId, key } = await world.key();
    expectCode(await world.verify(key), 'VALID');
    await world.update(keyId, { credits: { remaining: 1 } });
    expectCode(await world.verify(key), 'VALID');
    expectCode(await world.verify(key), 'USAGE_EXCEEDED');
    await world.update(keyId, { credits: { remaining: 5 } });
    assert.equal(expectCode(await world.verify(key), 'VALID').credits, 4);
  });
  it('XX-06 keeps roles and identities when an API is deleted', async () => {
    const role = unique('role');
    const externalId = unique('customer');
    await world.admin.ok('permissions.createRole', { name: role });
    const first = await world.key({ roles: [role], externalId });
    const { identity } = await world.get(first.keyId);
    await world.admin.ok('apis.deleteApi', { apiId: first.apiId });
    const second = await world.key({ roles: [role], externalId });
    assert.equal((await world.get(second.keyId)).identity.id, identity.id);
  });
  it('E2E-02 shows an update of several members in getKey, listKeys and verifyKey', async () => {
    const { keyId, key, apiId } = await world.key();
    const externalId = unique('customer');
    await world.update(keyId, { name: 'seen', meta: { seen: true }, externalId });
    const read = await world.get(keyId);
    const listed = expectOk(await world.listKeys(apiId))[0];
    const verified = expectCode(await world.verify(key), 'VALID');
    for (const view of [read, listed, verified]) {
      assert.equal(view.name, 'seen');
      assert.deepEqual(view.meta, { seen: true });
      assert.equal(view.identity.externalId, externalId);
    }
    assert.deepEqual(listed, read);
  });
});
