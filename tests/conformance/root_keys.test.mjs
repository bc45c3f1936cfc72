// keyfold's own: workspaces and root keys through the API, and who may hand out what.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { NOTHING, unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const CREATE = 'root_key.*.create_root_key';
const createKey = (fields, caller = world.admin) => caller.call('rootKeys.createRootKey', { name: unique('root'), permissions: [NOTHING], ...fields });

describe('rootKeys.createRootKey', () => {
  it('makes a root key that works at once and is shown once', async () => {
    const data = expectOk(await createKey({ permissions: ['api.*.create_api'] }));
    assert.deepEqual(Object.keys(data).sort(), ['rootKey', 'rootKeyId']);
    assert.match(data.rootKey, /^unkey_[1-9A-HJ-NP-Za-km-z]+$/);
    expectOk(await new Caller(world.client, data.rootKey).call('apis.createApi', { name: 'made by it' }));
    const listed = await world.admin.call('rootKeys.listRootKeys', {});
    expectOk(listed);
    assert.ok(listed.text.includes(data.rootKeyId));
    assert.ok(!listed.text.includes(data.rootKey));
  });
  it('needs its own permission', async () => {
    expectForbidden(await createKey({}, await world.callerWith('api.*.create_api')));
    expectOk(await createKey({ permissions: [CREATE] }, await world.callerWith(CREATE)));
  });
  it('never grants what its maker lacks', async () => {
    const maker = await world.callerWith(CREATE, 'api.*.read_api', `api.${await world.api()}.read_key`);
    expectOk(await createKey({ permissions: ['api.*.read_api'] }, maker));
    expectOk(await createKey({ permissions: [CREATE] }, maker));
    for (const permission of ['api.*.create_api', 'administrator', 'api.*.read_key', 'rbac.*.create_role']) {
      expectForbidden(await createKey({ permissions: ['api.*.read_api', permission] }, maker));
    }
  });
  it('grants by URN what a wider URN of the maker covers, and no more', async () => {
    const ws = world.workspaceId;
    const maker = await world.callerWith(CREATE, `unkey:v1:${ws}:keyspaces/**#read_key`);
    expectOk(await createKey({ permissions: [`unkey:v1:${ws}:keyspaces/*/keys/*#read_key`] }, maker));
    for (const rest of ['keyspaces/*/keys/*#delete_key', '**#*', 'portals/*#read_key']) {
      expectForbidden(await createKey({ permissions: [`unkey:v1:${ws}:${rest}`] }, maker));
    }
    expectForbidden(await createKey({ permissions: ['unkey:v1:ws_elsewhere:keyspaces/*/keys/*#read_key'] }, maker));
  });
  it('does not let an administrator hand out rights over workspaces', async () => {
    const { caller } = await world.otherWorkspace();
    for (const action of ['create_workspace', 'read_workspace', 'manage_root_keys']) {
      expectForbidden(await createKey({ permissions: [`workspace.*.${action}`] }, caller));
    }
    expectOk(await createKey({ permissions: ['administrator', 'api.*.create_api'] }, caller));
  });
  it('does not let a root key that expires outlive itself', async () => {
    const expires = Date.now() + 3_600_000;
    const made = expectOk(await createKey({ permissions: [CREATE], expires }));
    const maker = new Caller(world.client, made.rootKey);
    expectOk(await createKey({ permissions: [CREATE], expires }, maker));
    for (const later of [undefined, expires + 1]) {
      const answer = await createKey({ permissions: [CREATE], expires: later }, maker);
      assert.ok([400, 403].includes(answer.status), answer.text);
    }
  });
  it('does not let an administrator of one workspace reach into another', async () => {
    const { caller } = await world.otherWorkspace();
    const first = world.workspaceId;
    const answer = await createKey({ workspaceId: first, permissions: ['administrator'] }, caller);
    assert.ok([403, 404].includes(answer.status), answer.text);
  });
  it('works in another workspace with workspace.*.manage_root_keys', async () => {
    const { workspaceId, caller } = await world.otherWorkspace();
    const plain = await world.callerWith(CREATE, 'api.*.read_api');
    const manager = await world.callerWith(CREATE, 'api.*.read_api', 'workspace.*.manage_root_keys');
    const answer = await createKey({ workspaceId, permissions: ['api.*.read_api'] }, plain);
    assert.ok([403, 404].includes(answer.status), answer.text);
    const { rootKey } = expectOk(await createKey({ workspaceId, permissions: ['api.*.read_api'] }, manager));
    const apiId = await world.api(caller);
    expectOk(await new Caller(world.client, rootKey).call('apis.getApi', { apiId }));
  });
  it('finds no absent workspace', async () => { expectNotFound(await createKey({ workspaceId: 'ws_absent000' }), 'workspace'); });
  it('refuses permissions that mean nothing', async () => {
    for (const permission of ['', 'nonsense', 'a.b', 'api..read', '*']) {
      expectError(await createKey({ permissions: [permission] }), 400, 'unkey/application/invalid_input');
    }
    expectInvalid(await world.admin.call('rootKeys.createRootKey', { permissions: [NOTHING] }), '/required');
  });
  it('keeps workspaces apart', async () => {
    const { caller } = await world.otherWorkspace();
    const mine = await world.key();
    const theirs = await world.key({}, caller);
    expectCode(await world.verify(mine.key), 'VALID');
    expectCode(await world.verify(theirs.key, {}, caller), 'VALID');
    expectCode(await world.verify(theirs.key), 'NOT_FOUND');
    expectCode(await world.verify(mine.key, {}, caller), 'NOT_FOUND');
    const listed = await caller.call('rootKeys.listRootKeys', {});
    assert.equal(expectOk(listed).length, 1);
  });
});

describe('rootKeys.revokeRootKey', () => {
  it('ends a root key at once, and only once', async () => {
    const made = expectOk(await createKey({ permissions: ['api.*.create_api'] }));
    assert.deepEqual(expectOk(await world.admin.call('rootKeys.revokeRootKey', { rootKeyId: made.rootKeyId })), {});
    const answer = await new Caller(world.client, made.rootKey).call('apis.createApi', { name: 'late' });
    expectError(answer, 401, 'unkey/authentication/key_not_found');
    expectNotFound(await world.admin.call('rootKeys.revokeRootKey', { rootKeyId: made.rootKeyId }), 'key');
  });
  it('needs its own permission and finds no foreign root key', async () => {
    const made = expectOk(await createKey({}));
    const revoke = (caller) => caller.call('rootKeys.revokeRootKey', { rootKeyId: made.rootKeyId });
    expectForbidden(await revoke(await world.callerWith(CREATE)));
    expectNotFound(await revoke((await world.otherWorkspace()).caller), 'key');
    expectOk(await revoke(await world.callerWith('root_key.*.revoke_root_key')));
  });
});

describe('rootKeys.listRootKeys', () => {
  it('needs its own permission and pages', async () => {
    for (let i = 0; i < 3; i += 1) expectOk(await createKey({}));
    expectForbidden(await (await world.callerWith(CREATE)).call('rootKeys.listRootKeys', {}));
    const caller = await world.callerWith('root_key.*.read_root_key');
    const all = expectOk(await caller.call('rootKeys.listRootKeys', {}));
    const paged = [];
    let cursor;
    do {
      const answer = await caller.call('rootKeys.listRootKeys', { limit: 2, cursor });
      paged.push(...expectOk(answer));
      cursor = answer.body.pagination.cursor;
    } while (cursor !== undefined && paged.length < 200);
    assert.deepEqual(paged, all);
  });
});

describe('workspaces', () => {
  it('are created and listed', async () => {
    const name = unique('tenant');
    const { workspaceId } = expectOk(await world.admin.call('workspaces.createWorkspace', { name }));
    assert.match(workspaceId, /^ws_/);
    const listed = await world.admin.call('workspaces.listWorkspaces', { limit: 100 });
    expectOk(listed);
    assert.ok(listed.text.includes(workspaceId) && listed.text.includes(name), listed.text);
    assert.equal(typeof listed.body.pagination.hasMore, 'boolean');
  });
  it('need permissions of their own, also from administrators of other workspaces', async () => {
    const plain = await world.callerWith('api.*.create_api');
    expectForbidden(await plain.call('workspaces.createWorkspace', { name: 'mine' }));
    expectForbidden(await plain.call('workspaces.listWorkspaces', {}));
    const { caller } = await world.otherWorkspace();
    expectForbidden(await caller.call('workspaces.createWorkspace', { name: 'mine' }));
  });
  it('refuse a missing name', async () => {
    expectInvalid(await world.admin.call('workspaces.createWorkspace', {}), '/required');
  });
});
