// Keys that can be shown again: the lines about `recoverable` and `decrypt` of CK-*, GK-* and LK-*.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectError, expectForbidden, expectNotFound, expectOk } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** An API whose keyspace keeps its keys, encrypted, or not. */
async function api(storeEncryptedKeys = true, caller = world.admin) {
  const apiId = await world.api(caller);
  if (storeEncryptedKeys) expectOk(await caller.call('apis.updateSettings', { apiId, storeEncryptedKeys }));
  return apiId;
}
async function recoverable(fields = {}) {
  const apiId = await api();
  return world.key({ ...fields, apiId, recoverable: true });
}
const create = (apiId, caller = world.admin) => caller.call('keys.createKey', { apiId, recoverable: true });
const get = (keyId, caller = world.admin) => caller.call('keys.getKey', { keyId, decrypt: true });
const list = (apiId, caller = world.admin) => caller.call('apis.listKeys', { apiId, decrypt: true });

function expectPrecondition(answer) {
  expectError(answer, 412, 'unkey/application/precondition_failed', 'Precondition Failed');
}

describe('keys.createKey, recoverable', () => {
  it('CK-07 keeps the key so that decrypting gives the same text', async () => {
    const apiId = await api();
    const caller = await world.callerWith('api.*.create_key', 'api.*.encrypt_key');
    const { keyId, key } = expectOk(await create(apiId, caller));
    assert.equal(expectOk(await get(keyId)).plaintext, key);
  });
  it('CK-08 takes grants by URN', async () => {
    const apiId = await api();
    const ws = world.workspaceId;
    const caller = await world.callerWith(`unkey:v1:${ws}:keyspaces/*#create_key`, `unkey:v1:${ws}:keyspaces/*/keys/*#encrypt_key`);
    expectOk(await create(apiId, caller));
  });
  it('CK-21 masks a missing right to encrypt as an absent API', async () => {
    const apiId = await api();
    const caller = await world.callerWith('api.*.create_key');
    const masked = expectNotFound(await create(apiId, caller), 'api');
    assert.equal(masked.detail, expectNotFound(await create('api_absent00', caller), 'api').detail);
  });
  it('CK-23 says the same to who may not, whatever the state of the API', async () => {
    const details = new Set();
    const caller = await world.callerWith('api.*.create_key');
    const deleted = await api();
    await world.admin.ok('apis.deleteApi', { apiId: deleted });
    for (const apiId of [await api(), await api(false), deleted]) {
      details.add(expectNotFound(await create(apiId, caller), 'api').detail);
    }
    assert.equal(details.size, 1);
  });
  it('CK-24 answers 412 where the keyspace keeps no keys', async () => {
    expectPrecondition(await create(await api(false)));
    const apiId = await api();
    await world.admin.ok('apis.updateSettings', { apiId, storeEncryptedKeys: false });
    expectPrecondition(await create(apiId));
  });
});

describe('keys.getKey, decrypt', () => {
  it('GK-02 shows the key as it was made', async () => {
    const { keyId, key } = await recoverable({ prefix: 'sk' });
    const caller = await world.callerWith('api.*.read_key', 'api.*.decrypt_key');
    assert.equal(expectOk(await get(keyId, caller)).plaintext, key);
    assert.ok(!('plaintext' in expectOk(await world.admin.call('keys.getKey', { keyId }))));
  });
  it('GK-13 forbids it without the right', async () => {
    const { keyId } = await recoverable();
    expectForbidden(await get(keyId, await world.callerWith('api.*.read_key')));
  });
  it('GK-15 answers 412 where the keyspace keeps no keys', async () => {
    const { keyId } = await world.key({ apiId: await api(false) });
    expectPrecondition(await get(keyId));
  });
  it('GK-18 leaves plaintext out for a key that was not made recoverable', async () => {
    const { keyId } = await world.key({ apiId: await api() });
    assert.ok(!('plaintext' in expectOk(await get(keyId))));
  });
});

describe('apis.listKeys, decrypt', () => {
  it('LK-12 LK-22 shows the keys as they were made to who may decrypt', async () => {
    const { apiId, keyId, key } = await recoverable();
    await world.key({ apiId });
    const rows = expectOk(await list(apiId, await world.callerWith('api.*.read_key', 'api.*.read_api', 'api.*.decrypt_key')));
    assert.equal(rows.length, 2);
    for (const row of rows) assert.equal(row.plaintext, row.keyId === keyId ? key : undefined);
  });
  it('LK-10 LK-17 shows none unless asked', async () => {
    const { apiId } = await recoverable();
    for (const more of [{}, { decrypt: false }]) {
      const [row] = expectOk(await world.admin.call('apis.listKeys', { apiId, ...more }));
      assert.ok(!('plaintext' in row) && !('hash' in row) && row.start.length > 0);
    }
  });
  it('LK-21 LK-25 asks for the right first, then for the keyspace', async () => {
    const reader = ['api.*.read_key', 'api.*.read_api'];
    const apiId = await api(false);
    expectForbidden(await list(apiId, await world.callerWith(...reader)));
    expectPrecondition(await list(apiId, await world.callerWith(...reader, 'api.*.decrypt_key')));
  });
});

describe('rotation while serving', () => {
  it('shows every recoverable key before, during and after it', async () => {
    const apiId = await api();
    const made = [];
    for (let i = 0; i < 20; i += 1) made.push(await world.key({ apiId, recoverable: true }));
    const rotate = fetch(`${world.server.operatorUrl}/vault/rotate?ring=${world.workspaceId}`, {
      method: 'POST',
      headers: { 'X-Keyfold-Operator': 'test' },
    });
    for (const { keyId, key } of made) assert.equal(expectOk(await get(keyId)).plaintext, key);
    assert.equal((await rotate).status, 200);
    const status = async () => (await fetch(`${world.server.operatorUrl}/vault/status`)).json();
    for (let left = await status(); left.superseded > 0; left = await status()) {
      for (const { keyId, key } of made) assert.equal(expectOk(await get(keyId)).plaintext, key);
    }
    for (const { keyId, key } of made) assert.equal(expectOk(await get(keyId)).plaintext, key);
  });
});
