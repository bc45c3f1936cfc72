// Workspaces and root keys that are disabled, and limits on a workspace's requests (ALL-10 to ALL-14, ALL-23 to ALL-26).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { keyfold } from './lib/cli.mjs';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { NOTHING, unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const update = (workspaceId, members, caller = world.admin) =>
  caller.call('workspaces.updateWorkspace', { workspaceId, ...members });
const updateRootKey = (rootKeyId, members, caller = world.admin) =>
  caller.call('rootKeys.updateRootKey', { rootKeyId, ...members });
const limited = (answer) =>
  expectError(answer, 429, 'user/too_many_requests/workspace_rate_limited', 'Too Many Requests');
const disabled = (answer) => expectError(answer, 403, 'unkey/authorization/workspace_disabled', 'Workspace is disabled');
const headersOf = (answer) => ['limit', 'remaining', 'reset'].map((name) => answer.headers[`ratelimit-${name}`]);

/** A workspace of its own with that limit: `{caller, workspaceId}`. */
async function workspace(members = {}, ...permissions) {
  const made = await world.otherWorkspace(...permissions);
  expectOk(await update(made.workspaceId, members));
  return made;
}

/** A root key of the first workspace: `{caller, rootKeyId}`. */
async function rootKey(...permissions) {
  const made = await world.admin.ok('rootKeys.createRootKey', { name: unique('root'), permissions });
  return { caller: new Caller(world.client, made.rootKey), rootKeyId: made.rootKeyId };
}

async function listed(workspaceId) {
  for (let cursor; ;) {
    const answer = await world.admin.call('workspaces.listWorkspaces', { cursor });
    const found = expectOk(answer).find((row) => row.workspaceId === workspaceId);
    if (found) return found;
    ({ cursor } = answer.body.pagination);
  }
}

// One endpoint of each kind: a read, a list on the worker pool, a mutation, a verification and a check.
const REQUESTS = {
  'apis.getApi': { apiId: 'api_absent00' },
  'ratelimit.listNamespaces': {},
  'apis.createApi': { name: 'workspaces' },
  'keys.verifyKey': { key: 'unknown' },
  'ratelimit.limit': { namespace: 'n', identifier: 'i', limit: 1000, duration: 60_000 },
};

describe('a root key', () => {
  it('ALL-10 is refused everywhere while it is disabled, at once', async () => {
    const { caller, rootKeyId } = await rootKey('administrator');
    for (const [operation, body] of Object.entries(REQUESTS)) {
      assert.notEqual((await caller.call(operation, body)).status, 403);
      expectOk(await updateRootKey(rootKeyId, { enabled: false }));
      expectError(await caller.call(operation, body), 403, 'unkey/authorization/key_disabled', 'Key is disabled');
      expectOk(await updateRootKey(rootKeyId, { enabled: true }));
    }
  });
  it('ALL-10 ALL-11 2.1 that is disabled and expired is told that it is disabled', async () => {
    const { rootKeyId, rootKey: secret } = await world.admin.ok('rootKeys.createRootKey',
      { name: 'late', permissions: [NOTHING], expires: Date.now() - 1000 });
    const caller = new Caller(world.client, secret);
    expectError(await caller.call('keys.verifyKey', { key: 'unknown' }), 403, 'unkey/authorization/forbidden');
    expectOk(await updateRootKey(rootKeyId, { enabled: false }));
    expectError(await caller.call('keys.verifyKey', { key: 'unknown' }), 403, 'unkey/authorization/key_disabled');
  });
  it('is renamed and disabled by who may, and listed so', async () => {
    const { rootKeyId } = await rootKey(NOTHING);
    expectForbidden(await updateRootKey(rootKeyId, { enabled: false }, await world.callerWith('root_key.*.revoke_root_key')));
    expectNotFound(await updateRootKey(rootKeyId, { enabled: false }, (await world.otherWorkspace()).caller), 'key');
    expectOk(await updateRootKey(rootKeyId, { name: 'renamed', enabled: false }, await world.callerWith('root_key.*.update_root_key')));
    const rows = [];
    for (let cursor; ;) {
      const answer = await world.admin.call('rootKeys.listRootKeys', { cursor });
      rows.push(...expectOk(answer));
      ({ cursor } = answer.body.pagination);
      if (cursor === undefined) break;
    }
    const row = rows.find((one) => one.rootKeyId === rootKeyId);
    assert.deepEqual([row.name, row.enabled], ['renamed', false]);
    assert.ok(rows.filter((one) => one.rootKeyId !== rootKeyId).some((one) => one.enabled));
  });
  it('of another workspace is changed with workspace.*.manage_root_keys', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const [{ rootKeyId }] = expectOk(await caller.call('rootKeys.listRootKeys', {}));
    expectForbidden(await updateRootKey(rootKeyId, { workspaceId, enabled: false }, await world.callerWith('administrator')));
    expectOk(await updateRootKey(rootKeyId, { workspaceId, enabled: false }, await world.callerWith('workspace.*.manage_root_keys')));
    expectError(await caller.call('rootKeys.listRootKeys', {}), 403, 'unkey/authorization/key_disabled');
  });
  it('that is absent or revoked is not found, and nonsense is refused', async () => {
    expectNotFound(await updateRootKey('rk_absent00', { enabled: false }), 'key');
    const { rootKeyId } = await rootKey(NOTHING);
    await world.admin.ok('rootKeys.revokeRootKey', { rootKeyId });
    expectNotFound(await updateRootKey(rootKeyId, { enabled: true }), 'key');
    expectInvalid(await updateRootKey(rootKeyId, { enabled: 'no' }), '/properties/enabled/type');
    expectInvalid(await updateRootKey(rootKeyId, { name: '' }), '/properties/name/minLength');
    expectInvalid(await updateRootKey(undefined, {}), '/required');
  });
});

describe('a disabled workspace', () => {
  it('ALL-12 ALL-13 refuses its root keys everywhere, at once, and takes them back', async () => {
    // A root key belongs to the workspace that it acts for.
    const { caller, workspaceId } = await world.otherWorkspace();
    for (const [operation, body] of Object.entries(REQUESTS)) {
      assert.notEqual((await caller.call(operation, body)).status, 403);
      expectOk(await update(workspaceId, { enabled: false }));
      disabled(await caller.call(operation, body));
      expectOk(await update(workspaceId, { enabled: true }));
    }
    expectOk(await caller.call('apis.createApi', { name: 'again' }));
  });
  it('ALL-12 2.1 comes before a disabled root key and after the schema', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const [{ rootKeyId }] = expectOk(await caller.call('rootKeys.listRootKeys', {}));
    expectOk(await updateRootKey(rootKeyId, { workspaceId, enabled: false }));
    expectOk(await update(workspaceId, { enabled: false }));
    disabled(await caller.call('apis.createApi', { name: 'late' }));
    expectInvalid(await caller.call('apis.createApi', {}), '/required');
  });
  it('refuses the sessions of its portals', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const { portalId } = await caller.ok('portals.createPortal',
      { slug: unique('portal'), apiIds: [await world.api(caller)], baseUrl: 'https://portal.example.com' });
    const { url } = await caller.ok('portal.createSession', { portal: portalId, externalId: 'user_a', scopes: ['keys:read'] });
    const post = (operation, body, headers = {}) => world.client.request('POST', `/v2/${operation}`,
      { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
    const { accessToken } = expectOk(await post('portal.exchangeCode', { code: new URL(url).searchParams.get('code') }));
    const ask = () => post('portal.listKeys', {}, { Cookie: `portal_session=${accessToken}` });
    expectOk(await ask());
    expectOk(await update(workspaceId, { enabled: false }));
    disabled(await ask());
    expectOk(await update(workspaceId, { enabled: true, requestsPerMinute: 0 }));
    limited(await ask());
  });
  it('leaves other workspaces alone', async () => {
    const { workspaceId } = await workspace({ enabled: false });
    expectOk(await (await world.otherWorkspace()).caller.call('apis.createApi', { name: 'other' }));
    assert.equal((await listed(workspaceId)).enabled, false);
    assert.equal((await listed(world.workspaceId)).enabled, true);
  });
  it('ALL-14 that does not exist has no root keys', async () => {
    expectNotFound(await world.admin.call('rootKeys.createRootKey',
      { name: 'nowhere', permissions: [NOTHING], workspaceId: 'ws_absent00' }), 'workspace');
    expectNotFound(await update('ws_absent00', { enabled: false }), 'workspace');
  });
});

describe('a limit on a workspace', () => {
  it('ALL-23 that is not set or null refuses nothing and is not told', async () => {
    const { caller } = await world.otherWorkspace();
    const { caller: cleared, workspaceId } = await workspace({ requestsPerMinute: 0 });
    expectOk(await update(workspaceId, { requestsPerMinute: null }));
    for (const one of [caller, cleared]) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => world.verify('unknown', {}, one)));
      for (const answer of answers) {
        expectCode(answer, 'NOT_FOUND');
        assert.deepEqual(headersOf(answer), [undefined, undefined, undefined]);
      }
    }
    assert.ok(!('requestsPerMinute' in await listed(workspaceId)));
  });
  it('ALL-24 2.6 of 0 refuses every request at once, without its headers', async () => {
    const { caller, workspaceId } = await workspace({ requestsPerMinute: 0 });
    for (const [operation, body] of Object.entries(REQUESTS)) {
      const answer = await caller.call(operation, body);
      limited(answer);
      assert.deepEqual([...headersOf(answer), answer.headers['retry-after']], [undefined, undefined, undefined, undefined]);
    }
    assert.equal((await listed(workspaceId)).requestsPerMinute, 0);
  });
  it('ALL-25 of 2 a minute lets two through and not a third', async () => {
    const { caller } = await workspace({ requestsPerMinute: 2 });
    const statuses = [];
    // A minute may end in between, which leaves at least one of the two before to count against the next.
    for (let i = 0; i < 6; i += 1) statuses.push((await caller.call('apis.createApi', { name: 'limited' })).status);
    assert.deepEqual(statuses.slice(0, 2), [200, 200]);
    assert.ok(statuses.slice(2).includes(429), statuses.join());
  });
  it('ALL-25 counts all root keys together, and everything that they ask', async () => {
    const { caller, workspaceId } = await workspace({ requestsPerMinute: 200 });
    const { rootKey: secret } = await world.admin.ok('rootKeys.createRootKey', { name: 'second', permissions: [NOTHING], workspaceId });
    const callers = [caller, new Caller(world.client, secret)];
    const requests = Object.entries(REQUESTS);
    const answers = await Promise.all(Array.from({ length: 800 }, (_, i) =>
      callers[i % 2].call(...requests[i % requests.length])));
    const passed = answers.filter((answer) => answer.status !== 429);
    for (const answer of answers) if (answer.status === 429) limited(answer);
    // Twice as many if a minute ends in between.
    assert.ok(passed.length >= 200 && passed.length <= 400, String(passed.length));
  });
  it('ALL-26 is told with every answer, and when to come again with a refusal', async () => {
    const { caller } = await workspace({ requestsPerMinute: 4 });
    for (const [operation, body, status] of [['apis.createApi', { name: 'told' }, 200], ['apis.getApi', { apiId: 'api_absent00' }, 404],
      ['workspaces.listWorkspaces', {}, 403], ['keys.verifyKey', { key: 'unknown' }, 200]]) {
      const answer = await caller.call(operation, body);
      assert.equal(answer.status, status);
      const [most, remaining, reset] = headersOf(answer).map(Number);
      assert.equal(most, 4);
      assert.ok(remaining >= 0 && remaining <= 3);
      assert.ok(Number.isInteger(reset) && reset >= 1 && reset <= 60);
      assert.equal(answer.headers['retry-after'], undefined);
    }
    for (;;) {
      const answer = await caller.call('apis.getApi', { apiId: 'api_absent00' });
      if (answer.status !== 429) continue;
      assert.match(limited(answer).detail, /\b4\b.*minute/);
      assert.equal(answer.headers['ratelimit-limit'], '4');
      assert.equal(answer.headers['ratelimit-remaining'], '0');
      assert.equal(answer.headers['retry-after'], answer.headers['ratelimit-reset']);
      return;
    }
  });
  it('comes after the schema, and strangers are not counted', async () => {
    const { caller } = await workspace({ requestsPerMinute: 0 });
    expectInvalid(await caller.call('apis.createApi', {}), '/required');
    expectError(await new Caller(world.client, 'unknown').call('apis.createApi', { name: 'stranger' }), 401, 'unkey/authentication/key_not_found');
  });
});

describe('workspaces.updateWorkspace', () => {
  it('needs workspace.*.update_workspace by that name', async () => {
    const { workspaceId, caller } = await world.otherWorkspace();
    for (const by of [caller, await world.callerWith('administrator'), await world.callerWith('workspace.*.create_workspace')]) {
      expectForbidden(await update(workspaceId, { enabled: false }, by));
    }
    expectOk(await update(workspaceId, { enabled: false }, await world.callerWith('workspace.*.update_workspace')));
    expectForbidden(await world.callerWith('administrator').then((by) => by.call('rootKeys.createRootKey',
      { name: 'more', permissions: ['workspace.*.update_workspace'] })));
  });
  it('shuts nobody out of their own workspace', async () => {
    expectRuleViolation(await update(world.workspaceId, { enabled: false }));
    expectRuleViolation(await update(world.workspaceId, { requestsPerMinute: 0 }));
    expectOk(await update(world.workspaceId, { enabled: true, requestsPerMinute: null }));
  });
  it('refuses what the schema forbids', async () => {
    expectInvalid(await update(undefined, {}), '/required');
    expectInvalid(await update('ws_absent00', { requestsPerMinute: -1 }), '/properties/requestsPerMinute/minimum');
    expectInvalid(await update('ws_absent00', { enabled: null }), '/properties/enabled/type');
    expectInvalid(await update('ws_absent00', { name: 'x' }), '/additionalProperties');
  });
});

describe('keyfold workspace update, keyfold root-key update', () => {
  const run = (...args) => keyfold([...args, '--server', world.server.url, '--root-key', world.server.rootKey]);

  it('disable, enable and limit', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const ask = () => caller.call('apis.createApi', { name: 'by program' });
    const change = async (...args) => assert.equal((await run('workspace', 'update', workspaceId, ...args)).code, 0);
    await change('--disable');
    disabled(await ask());
    await change('--enable', '--requests-per-minute', '0');
    limited(await ask());
    await change('--requests-per-minute', 'unlimited');
    expectOk(await ask());
    const { stdout } = await run('workspace', 'list');
    assert.match(stdout, /WORKSPACE +NAME +CREATED +ENABLED +REQUESTS\/MIN/);
    const wrong = await run('workspace', 'update', workspaceId, '--requests-per-minute', 'many');
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.equal((await run('workspace', 'update', workspaceId, '--enable', '--disable')).code, 2);
    assert.equal((await run('workspace', 'update', workspaceId)).code, 2);
  });
  it('change root keys, of other workspaces too', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const [{ rootKeyId }] = expectOk(await caller.call('rootKeys.listRootKeys', {}));
    const change = async (...args) => assert.equal((await run('root-key', 'update', rootKeyId, '--workspace', workspaceId, ...args)).code, 0);
    await change('--disable');
    expectError(await caller.call('apis.createApi', { name: 'off' }), 403, 'unkey/authorization/key_disabled');
    await change('--enable', '--name', 'from the program');
    assert.equal(expectOk(await caller.call('rootKeys.listRootKeys', {}))[0].name, 'from the program');
    assert.equal((await run('root-key', 'update', rootKeyId)).code, 2);
  });
});
