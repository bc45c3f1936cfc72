// Idempotency-Key and X-Keyfold-Position.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectForbidden, expectNotFound, expectOk } from './lib/expect.mjs';
import { startServer } from './lib/server.mjs';
import { Caller, Client } from './lib/http.mjs';
import { NOTHING, unique, World } from './lib/world.mjs';

describe('Idempotency-Key', () => {
  let world;
  let apiId;
  before(async () => {
    world = await World.start();
    apiId = await world.api();
  });
  after(() => world.stop());

  const call = (operation, body, key, caller = world.admin) => caller.call(operation, body, { 'Idempotency-Key': key });
  const replayed = (answer) => answer.headers['idempotency-replayed'] === 'true';
  const keyCount = async (externalId) => expectOk(await world.listKeys(apiId, { externalId })).length;

  it('gives the same key and secret to a repeat, and creates one', async () => {
    const externalId = unique('customer');
    const body = { apiId, externalId };
    const key = unique('retry');
    const first = await call('keys.createKey', body, key);
    const second = await call('keys.createKey', body, key);
    assert.deepEqual(expectOk(second), expectOk(first));
    assert.equal(replayed(first), false);
    assert.equal(replayed(second), true);
    assert.equal(await keyCount(externalId), 1);
    expectCode(await world.verify(second.data.key), 'VALID');
  });
  it('refuses another body under the same key', async () => {
    const key = unique('reused');
    expectOk(await call('keys.createKey', { apiId, name: 'one' }, key));
    expectError(await call('keys.createKey', { apiId, name: 'two' }, key), 409, 'urn:keyfold:error:idempotency_key_reused');
  });
  it('refuses another operation under the same key', async () => {
    const key = unique('operation');
    const { keyId } = await world.key({ apiId });
    expectOk(await call('keys.updateKey', { keyId }, key));
    expectError(await call('keys.deleteKey', { keyId }, key), 409, 'urn:keyfold:error:idempotency_key_reused');
  });
  it('lets retries that arrive together share one answer', async () => {
    const externalId = unique('together');
    const key = unique('inflight');
    const answers = await Promise.all(Array.from({ length: 30 }, () => call('keys.createKey', { apiId, externalId }, key)));
    for (const answer of answers) assert.deepEqual(expectOk(answer), answers[0].data);
    assert.equal(answers.filter((answer) => !replayed(answer)).length, 1);
    assert.equal(await keyCount(externalId), 1);
  });
  it('spends a credit once', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 10 } });
    const idempotencyKey = unique('spend');
    for (let i = 0; i < 3; i += 1) assert.equal(expectCode(await call('keys.verifyKey', { key }, idempotencyKey), 'VALID').credits, 9);
    assert.equal((await world.get(keyId)).credits.remaining, 9);
  });
  it('holds for every mutation', async () => {
    const { keyId } = await world.key({ apiId });
    const doomed = await world.api();
    const made = await world.admin.ok('rootKeys.createRootKey', { name: 'revoked twice', permissions: [NOTHING] });
    const [slug, role] = [unique('slug'), unique('role')];
    const { roleId } = await world.admin.ok('permissions.createRole', { name: role });
    for (const [operation, body] of [
      ['apis.createApi', { name: unique('api') }], ['apis.deleteApi', { apiId: doomed }],
      ['keys.addPermissions', { keyId, permissions: [slug] }], ['keys.removePermissions', { keyId, permissions: [slug] }],
      ['keys.setPermissions', { keyId, permissions: [slug, unique('slug')] }], ['keys.addRoles', { keyId, roles: [role] }],
      ['keys.removeRoles', { keyId, roles: [role] }], ['keys.setRoles', { keyId, roles: [role] }],
      ['permissions.setRolePermissions', { roleId, permissions: [slug] }], ['permissions.deleteRole', { role }],
      ['permissions.deletePermission', { permission: slug }],
      ['keys.updateKey', { keyId, name: 'again' }], ['keys.deleteKey', { keyId }],
      ['identities.createIdentity', { externalId: 'again' }], ['identities.updateIdentity', { identity: 'again', meta: { a: 1 } }],
      ['identities.deleteIdentity', { identity: 'again' }],
      ['permissions.createPermission', { name: 'p', slug: unique('p') }], ['permissions.createRole', { name: unique('r') }],
      ['workspaces.createWorkspace', { name: unique('w') }], ['rootKeys.createRootKey', { name: 'k', permissions: ['api.*.read_api'] }],
      ['rootKeys.revokeRootKey', { rootKeyId: made.rootKeyId }],
    ]) {
      const key = unique('mutation');
      const first = await call(operation, body, key);
      const second = await call(operation, body, key);
      assert.deepEqual(expectOk(second), expectOk(first), operation);
      assert.equal(replayed(second), true, operation);
    }
  });
  it('answers the same when what it was about is gone since', async () => {
    const { keyId, key, apiId: doomed } = await world.key({ credits: { remaining: 5 } });
    const calls = [['keys.createKey', { apiId: doomed }], ['keys.updateKey', { keyId, name: 'late' }], ['keys.verifyKey', { key }],
      ['keys.deleteKey', { keyId }], ['apis.deleteApi', { apiId: doomed }]].map((entry) => [...entry, unique('gone')]);
    const first = [];
    for (const [operation, body, key_] of calls) first.push(expectOk(await call(operation, body, key_)));
    const wrong = [];
    for (const [i, [operation, body, key_]] of calls.entries()) {
      const repeat = await call(operation, body, key_);
      if (repeat.status !== 200 || JSON.stringify(repeat.data) !== JSON.stringify(first[i])) wrong.push(`${operation}: ${repeat.text}`);
    }
    assert.deepEqual(wrong, []);
  });
  it('decides a refused command anew', async () => {
    const key = unique('refused');
    const name = unique('late role');
    expectNotFound(await call('keys.createKey', { apiId, roles: [name] }, key), 'role');
    await world.admin.ok('permissions.createRole', { name });
    expectOk(await call('keys.createKey', { apiId, roles: [name] }, key));
  });
  it('is apart for each workspace', async () => {
    const { caller } = await world.otherWorkspace();
    const key = unique('tenant');
    const mine = expectOk(await call('apis.createApi', { name: 'same body' }, key));
    const theirs = expectOk(await call('apis.createApi', { name: 'same body' }, key, caller));
    assert.notEqual(mine.apiId, theirs.apiId);
  });
  it('does not help a caller past a missing right', async () => {
    const key = unique('rights');
    const body = { name: 'rights' };
    expectOk(await call('apis.createApi', body, key));
    expectForbidden(await call('apis.createApi', body, key, await world.callerWith()));
  });
  it('refuses a key that is too long or not printable', async () => {
    for (const key of ['k'.repeat(5000), 'with blank', 'ü']) {
      const answer = await call('apis.createApi', { name: 'bad key' }, key);
      assert.equal(answer.status, 400, answer.text.slice(0, 300));
    }
  });
});

describe('Idempotency-Key across a restart', () => {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    it(`gives the same secret after ${signal}`, async () => {
      const world = await World.start();
      const headers = { 'Idempotency-Key': 'survives' };
      const body = { apiId: await world.api(), name: 'survivor' };
      const first = await world.admin.ok('keys.createKey', body, headers);
      world.client.close();
      await world.server.stop(signal);
      const server = await startServer({ data: world.server.data });
      const client = new Client(server.url);
      try {
        const caller = new Caller(client, world.server.rootKey);
        const answer = await caller.call('keys.createKey', body, headers);
        assert.deepEqual(expectOk(answer), first);
        assert.equal(answer.headers['idempotency-replayed'], 'true');
        expectCode(await caller.call('keys.verifyKey', { key: first.key }), 'VALID');
        expectError(await caller.call('keys.createKey', { ...body, name: 'x' }, headers), 409, 'urn:keyfold:error:idempotency_key_reused');
      } finally {
        client.close();
        await server.dispose();
      }
    });
  }
});

describe('X-Keyfold-Position', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(() => world.stop());

  it('names the place of a mutation, and grows in its partition', async () => {
    let last = -1;
    for (let i = 0; i < 5; i += 1) {
      const position = (await world.admin.call('apis.createApi', { name: 'positions' })).headers['x-keyfold-position'];
      assert.match(position ?? '', /^\d+:\d+$/);
      const sequence = Number(position.split(':')[1]);
      assert.ok(sequence > last);
      last = sequence;
    }
  });
  it('is the same for a replayed answer or absent from it, never another', async () => {
    const headers = { 'Idempotency-Key': unique('position') };
    const first = await world.admin.call('apis.createApi', { name: 'positions' }, headers);
    const second = await world.admin.call('apis.createApi', { name: 'positions' }, headers);
    const position = second.headers['x-keyfold-position'];
    if (position !== undefined) assert.equal(position, first.headers['x-keyfold-position']);
  });
  it('lets a read that carries it through', async () => {
    const made = await world.admin.call('apis.createApi', { name: 'positions' });
    const headers = { 'X-Keyfold-Position': made.headers['x-keyfold-position'] };
    expectOk(await world.admin.call('apis.getApi', { apiId: made.data.apiId }, headers));
    const { key } = await world.key();
    expectCode(await world.admin.call('keys.verifyKey', { key }, headers), 'VALID');
  });
  it('refuses a read beyond the log', async () => {
    const made = await world.admin.call('apis.createApi', { name: 'positions' });
    const [partition] = made.headers['x-keyfold-position'].split(':');
    const answer = await world.admin.call('apis.getApi', { apiId: made.data.apiId }, { 'X-Keyfold-Position': `${partition}:999999999` });
    expectError(answer, 503, 'urn:keyfold:error:position_not_reached');
  });
  it('refuses a malformed one', async () => {
    for (const position of ['x', '0', '0:', ':1', '-1:0', '99:1', '0:1:2', '0:99999999999999999999999']) {
      const answer = await world.admin.call('apis.getApi', { apiId: 'api_absent00' }, { 'X-Keyfold-Position': position });
      assert.equal(answer.status, 400, `${position}: ${answer.text}`);
    }
  });
});
