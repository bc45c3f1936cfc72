// keys.verifyKey and the client's address: an API's list of addresses (VK-09, HS4), and disabled workspaces (VK-25).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** A verification that comes through proxies which say so; undefined: without them, from 127.0.0.1. */
const from = (forwarded, key, more = {}) =>
  world.admin.call('keys.verifyKey', { key, ...more }, { 'X-Forwarded-For': forwarded });

describe("an API's list of addresses", () => {
  /** A key of an API with that list. */
  async function keyBehind(ipAllowlist, fields = {}) {
    const made = await world.key(fields);
    await world.admin.ok('apis.updateSettings', { apiId: made.apiId, ipAllowlist });
    return made;
  }

  it('VK-09 lets in who is on it and nobody else', async () => {
    const { keyId, key } = await keyBehind(['192.0.2.7']);
    const data = expectCode(await from(undefined, key), 'FORBIDDEN');
    assert.equal(data.keyId, keyId);
    expectCode(await from('192.0.2.7', key), 'VALID');
    expectCode(await from('192.0.2.70', key), 'FORBIDDEN');
  });
  it('VK-09 holds at once for all keys of the API, and no more when it is empty', async () => {
    const { key, apiId } = await world.key();
    const second = await world.key({ apiId });
    const set = (ipAllowlist) => world.admin.ok('apis.updateSettings', { apiId, ipAllowlist });
    await set(['192.0.2.7']);
    for (const one of [key, second.key]) expectCode(await from('192.0.2.8', one), 'FORBIDDEN');
    await set(['192.0.2.8', '127.0.0.1']);
    for (const one of [key, second.key]) {
      expectCode(await from('192.0.2.8', one), 'VALID');
      expectCode(await from(undefined, one), 'VALID');
    }
    await set([]);
    expectCode(await from('192.0.2.7', key), 'VALID');
  });
  it('HS4 takes the first address of X-Forwarded-For without its port, else the socket\'s', async () => {
    const { key } = await keyBehind(['192.0.2.7', '2001:db8::7']);
    for (const forwarded of [
      '192.0.2.7, 192.0.2.8', ' 192.0.2.7:4711 ', '[2001:db8::7]:4711', '[2001:db8::7]', '2001:db8::7', '2001:DB8:0::7, 192.0.2.8',
      ' , 192.0.2.7', '::ffff:192.0.2.7',
    ]) {
      expectCode(await from(forwarded, key), 'VALID');
    }
    for (const forwarded of ['192.0.2.8, 192.0.2.7', '[2001:db8::8]:7', 'unknown', '[2001:db8::7', '192.0.2.7.1', '', ',']) {
      expectCode(await from(forwarded, key), 'FORBIDDEN');
    }
  });
  it('4.1 comes after the state of the key, and before permissions, rate limits and credits', async () => {
    const expired = await keyBehind(['192.0.2.7'], { expires: 1 });
    expectCode(await from(undefined, expired.key), 'EXPIRED');
    const { keyId, key } = await keyBehind(['192.0.2.7'], {
      credits: { remaining: 5 }, ratelimits: [{ name: 'requests', limit: 1, duration: 86_400_000, autoApply: true }],
    });
    for (let i = 0; i < 3; i += 1) expectCode(await from(undefined, key, { permissions: 'not.held' }), 'FORBIDDEN');
    expectCode(await from('192.0.2.7', key), 'VALID');
    assert.equal((await world.get(keyId)).credits.remaining, 4);
  });
});

describe('a disabled workspace', () => {
  it('VK-25 has no caller who could verify its keys', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const { key } = await world.key({}, caller);
    expectCode(await world.verify(key, {}, caller), 'VALID');
    await world.admin.ok('workspaces.updateWorkspace', { workspaceId, enabled: false });
    expectError(await world.verify(key, {}, caller), 403, 'unkey/authorization/workspace_disabled');
    expectCode(await world.verify(key), 'NOT_FOUND');
  });
});
