// Reading the history of a workspace: audit.* and the commands over it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keyfold } from './lib/cli.mjs';
import { expectError, expectForbidden, expectInvalid, expectOk, expectRuleViolation, members } from './lib/expect.mjs';
import { removeDirectory, temporaryDirectory } from './lib/server.mjs';
import { unique, World } from './lib/world.mjs';

const HISTORY = ['audit.listEvents', 'audit.getResourceHistory', 'audit.getStateAsOf', 'audit.getDiff'];
const key = (id) => ({ kind: 'key', id });

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const list = async (fields = {}, caller = world.admin) => expectOk(await caller.call('audit.listEvents', fields));
const types = (events) => events.map((event) => event.type);
const sequence = (event) => Number(event.position.split(':')[1]);

/** A key that was made, renamed and deleted. */
async function shortLife() {
  const { keyId, apiId } = await world.key({ name: 'first' });
  await world.update(keyId, { name: 'second', meta: { plan: 'pro' } });
  await world.admin.ok('keys.deleteKey', { keyId });
  return { keyId, apiId };
}

describe('audit.listEvents', () => {
  it('gives events in their public form, the newest first', async () => {
    const { keyId } = await shortLife();
    const events = await list({ resource: key(keyId) });
    assert.deepEqual(types(events), ['KeyDeleted', 'KeyUpdated', 'KeyCreated']);
    const [, updated] = events;
    assert.deepEqual(members(updated), ['data', 'id', 'position', 'principal', 'remoteIp', 'requestId', 'resource', 'timestamp', 'type', 'workspaceId']);
    assert.equal(updated.workspaceId, world.workspaceId);
    assert.equal(updated.principal.type, 'rootKey');
    assert.deepEqual(updated.data, { keyId, name: 'second', meta: { plan: 'pro' } });
    assert.ok(Math.abs(Date.parse(updated.timestamp) - Date.now()) < 60_000);
  });
  it('shows no hash, no ciphertext and no bookkeeping', async () => {
    const made = await world.key();
    await world.admin.ok('apis.createApi', { name: 'idempotent' }, { 'Idempotency-Key': unique('once') });
    const text = JSON.stringify(await list({ limit: 1000 }));
    assert.ok(!text.includes('"hash"') && !text.includes('sealed') && !text.includes(made.key));
    assert.ok(!text.includes('CommandRecorded') && !text.includes('PartitionOpened'));
  });
  it('selects by type, kind, principal and time', async () => {
    const { keyId } = await shortLife();
    const caller = await world.callerWith('api.*.create_api');
    const { apiId } = await caller.ok('apis.createApi', { name: 'by another' });
    assert.deepEqual(types(await list({ types: ['KeyUp*', 'KeyDeleted'], resource: key(keyId) })), ['KeyDeleted', 'KeyUpdated']);
    assert.ok((await list({ resource: { kind: 'api' } })).every((event) => event.resource.kind === 'api'));
    const [made] = await list({ types: ['ApiCreated'], resource: { kind: 'api', id: apiId } });
    const byOther = await list({ principalId: made.principal.id });
    assert.deepEqual(new Set(types(byOther)), new Set(['ApiCreated', 'KeyspaceCreated']));
    assert.ok((await list({ from: made.position })).every((event) => sequence(event) >= sequence(made)));
    assert.ok((await list({ to: made.position })).every((event) => sequence(event) < sequence(made)));
    assert.ok((await list({ from: made.timestamp, to: '2999-01-01' })).some((event) => event.id === made.id));
    assert.deepEqual(await list({ from: Date.now() + 60_000 }), []);
    assert.deepEqual(await list({ to: '1999-12-31' }), []);
  });
  it('gives every event once over pages, in either order', async () => {
    await shortLife();
    for (const order of ['newestFirst', 'oldestFirst']) {
      const whole = types(await list({ limit: 1000, order }));
      const paged = [];
      let cursor;
      do {
        const answer = await world.admin.call('audit.listEvents', { limit: 3, order, ...(cursor && { cursor }) });
        paged.push(...types(expectOk(answer)));
        cursor = answer.body.pagination.cursor;
        assert.equal(answer.body.pagination.hasMore, cursor !== undefined);
      } while (cursor);
      assert.deepEqual(paged, whole);
    }
  });
  it('sees what the caller has just done', async () => {
    for (let i = 0; i < 50; i += 1) {
      const { apiId } = await world.admin.ok('apis.createApi', { name: unique('fresh') });
      const events = await list({ resource: { kind: 'api', id: apiId }, limit: 1 });
      assert.deepEqual(types(events), ['ApiCreated']);
    }
  });
  it('names the nearest type of one that there is not, and refuses what is no time', async () => {
    const [wrong] = expectInvalid(await world.admin.call('audit.listEvents', { types: ['KeyCreatd'] }), '/types/items');
    assert.match(wrong.fix, /KeyCreated/);
    const [when] = expectInvalid(await world.admin.call('audit.listEvents', { from: 'yesterday' }), '/from');
    assert.match(when.message, /yesterday/);
    const [own] = await list({ limit: 1 });
    const other = (Number(own.position.split(':')[0]) + 1) % 4;
    expectRuleViolation(await world.admin.call('audit.listEvents', { from: `${other}:0` }));
    expectRuleViolation(await world.admin.call('audit.listEvents', { cursor: 'nonsense' }));
  });
});

describe('audit.getResourceHistory', () => {
  it('tells old and new values of every change', async () => {
    const { keyId } = await shortLife();
    const items = expectOk(await world.admin.call('audit.getResourceHistory', { resource: key(keyId) }));
    assert.deepEqual(items.map((item) => item.changes.map((change) => change.change)), [['created'], ['updated'], ['deleted']]);
    const { members: changed } = items[1].changes[0];
    assert.deepEqual(changed.name, { from: 'first', to: 'second' });
    assert.deepEqual(changed.meta, { from: null, to: { plan: 'pro' } });
    assert.deepEqual(members(items[2].changes[0].members), ['deletedAt']);
  });
  it('goes on over pages with the values of then', async () => {
    const { keyId } = await world.key({ name: 'name 0' });
    for (let i = 1; i <= 5; i += 1) await world.update(keyId, { name: `name ${i}` });
    const seen = [];
    let cursor;
    do {
      const answer = await world.admin.call('audit.getResourceHistory', { resource: key(keyId), limit: 2, ...(cursor && { cursor }) });
      for (const { changes } of expectOk(answer)) seen.push(changes[0].members.name);
      cursor = answer.body.pagination.cursor;
    } while (cursor);
    assert.deepEqual(seen[0], { from: null, to: 'name 0' });
    assert.deepEqual(seen.slice(1), [1, 2, 3, 4, 5].map((i) => ({ from: `name ${i - 1}`, to: `name ${i}` })));
  });
  it('knows overrides by namespace and id, and settings of an API', async () => {
    const namespace = unique('mail');
    await world.admin.ok('ratelimit.limit', { namespace, identifier: 'ann', limit: 9, duration: 60_000 });
    const { overrideId } = await world.admin.ok('ratelimit.setOverride', { namespace, identifier: 'ann', limit: 5, duration: 60_000 });
    await world.admin.ok('ratelimit.setOverride', { namespace, identifier: 'bob', limit: 6, duration: 60_000 });
    await world.admin.ok('ratelimit.setOverride', { namespace, identifier: 'ann', limit: 7, duration: 60_000 });
    const [made] = await list({ types: ['RatelimitNamespaceCreated'], limit: 1 });
    const items = expectOk(await world.admin.call('audit.getResourceHistory',
      { resource: { kind: 'ratelimit_override', id: `${made.resource.id}/${overrideId}` } }));
    assert.equal(items.length, 2, 'not those of the other override');
    assert.deepEqual(items[1].changes[0].members.limit, { from: 5, to: 7 });

    const apiId = await world.api();
    await world.admin.ok('apis.updateSettings', { apiId, defaultPrefix: 'acme' });
    const ofApi = expectOk(await world.admin.call('audit.getResourceHistory', { resource: { kind: 'api', id: apiId } }));
    assert.deepEqual(ofApi.at(-1).changes[0].members.defaultPrefix, { from: null, to: 'acme' });
  });
  it('is empty for what is not there, and refuses an unknown kind', async () => {
    assert.deepEqual(expectOk(await world.admin.call('audit.getResourceHistory', { resource: key('key_none') })), []);
    const [wrong] = expectInvalid(await world.admin.call('audit.getResourceHistory', { resource: { kind: 'keys', id: 'x' } }), '/kind');
    assert.match(wrong.fix, /"key"/);
  });
});

describe('audit.getStateAsOf', () => {
  const state = async (at, id) => expectOk(await world.admin.call('audit.getStateAsOf', { resource: key(id), at }));

  it('shows the thing as it was at a position or time', async () => {
    const { keyId } = await shortLife();
    const [deleted, updated, created] = await list({ resource: key(keyId) });
    assert.equal((await state(created.position, keyId)).state.name, 'first');
    assert.equal((await state(updated.position, keyId)).state.name, 'second');
    assert.equal((await state(updated.position, keyId)).asOf.position, updated.position);
    const last = await state(deleted.timestamp, keyId);
    assert.ok(last.exists && last.state.deletedAt > 0);
    const before = await state('2020-01-01', keyId);
    assert.deepEqual([before.exists, before.state], [false, null]);
    assert.equal('hash' in last.state, false);
  });
  it('gives nothing of another workspace', async () => {
    const { keyId } = await shortLife();
    const { caller } = await world.otherWorkspace();
    const seen = expectOk(await caller.call('audit.getStateAsOf', { resource: key(keyId), at: Date.now() + 1_000 }));
    assert.equal(seen.exists, false);
  });
});

describe('audit.getDiff', () => {
  it('shows what is different, and nothing that came and went', async () => {
    const kept = await world.key({ name: 'kept' });
    const [from] = await list({ limit: 1 });
    await world.update(kept.keyId, { name: 'renamed' });
    const gone = await world.key({ apiId: kept.apiId });
    await world.admin.ok('keys.deleteKey', { keyId: gone.keyId, permanent: true });
    const made = await world.key({ apiId: kept.apiId, name: 'made' });
    const changes = expectOk(await world.admin.call('audit.getDiff', { from: from.position }));
    assert.deepEqual(changes.map(({ change, resource }) => [change, resource.id]).sort(),
      [['created', made.keyId], ['updated', kept.keyId]].sort());
    assert.deepEqual(changes.find(({ change }) => change === 'updated').members, { name: { from: 'kept', to: 'renamed' } });
    assert.deepEqual(expectOk(await world.admin.call('audit.getDiff', { from: '2999-01-01' })), []);
  });
  it('comes in pages', async () => {
    const [from] = await list({ limit: 1 });
    for (let i = 0; i < 3; i += 1) await world.admin.ok('permissions.createPermission', { name: 'p', slug: unique('paged') });
    const first = await world.admin.call('audit.getDiff', { from: from.position, limit: 2 });
    const rest = await world.admin.call('audit.getDiff', { from: from.position, limit: 2, cursor: first.body.pagination.cursor });
    assert.equal(expectOk(first).length + expectOk(rest).length, 3);
    assert.equal(rest.body.pagination.hasMore, false);
  });
});

describe('every operation of the history', () => {
  const BODIES = { 'audit.getResourceHistory': { resource: key('key_1') }, 'audit.getStateAsOf': { resource: key('key_1'), at: 1 }, 'audit.getDiff': { from: 1 } };

  for (const operation of HISTORY) {
    it(`${operation} wants event.*.read_event`, async () => {
      expectForbidden(await (await world.callerWith()).call(operation, BODIES[operation] ?? {}));
      expectOk(await (await world.callerWith('event.*.read_event')).call(operation, BODIES[operation] ?? {}));
    });
  }
  it('shows a workspace nothing of another', async () => {
    const { caller } = await world.otherWorkspace('event.*.read_event');
    const events = await list({ limit: 1000 }, caller);
    assert.ok(events.length > 0 && events.every((event) => event.workspaceId !== world.workspaceId));
  });
  it('refuses unknown members', async () => {
    expectInvalid(await world.admin.call('audit.listEvents', { type: ['KeyCreated'] }));
    expectError(await world.admin.call('audit.getDiff', {}), 400, 'unkey/application/invalid_input');
  });
});

describe('keyfold audit', () => {
  const audit = async (...args) => {
    const { server } = world;
    const result = await keyfold(['audit', ...args, '--server', server.url, '--root-key', server.rootKey]);
    return { ...result, lines: result.stdout.split('\n').filter((line) => line !== '') };
  };

  it('log prints one line an event, the newest last', async () => {
    const { keyId } = await shortLife();
    const { code, lines } = await audit('log', '--resource', keyId);
    assert.equal(code, 0);
    assert.equal(lines.length, 3);
    assert.match(lines[0], new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z  \\d:\\d+  KeyCreated  key/${keyId}  by rk_\\S+ \\(bootstrap\\) from 127\\.0\\.0\\.1`));
    assert.match(lines[2], /KeyDeleted/);
    const json = (await audit('log', '--resource', keyId, '--limit', '2', '--json')).lines.map((line) => JSON.parse(line));
    assert.deepEqual(types(json), ['KeyUpdated', 'KeyDeleted']);
  });
  it('why, state and diff answer an auditor', async () => {
    const { keyId } = await shortLife();
    const why = await audit('why', keyId);
    assert.match(why.stdout, /name: "first" -> "second"/);
    const [, updated] = await list({ resource: key(keyId) });
    assert.equal(JSON.parse((await audit('state', keyId, '--as-of', updated.position)).stdout).name, 'second');
    assert.match((await audit('diff', '--from', '2020-01-01')).stdout, new RegExp(`deleted|created`));
    const absent = await audit('why', 'key/key_none');
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /nothing ever happened/);
    assert.match((await audit('why', 'what_is_this')).stderr, /write kind\/id/);
  });
  it('export gives every event as JSON lines and as CSV', async () => {
    await world.admin.ok('apis.createApi', { name: 'with, comma and "quotes"' });
    const exported = (await audit('export')).lines.map((line) => JSON.parse(line));
    assert.deepEqual(exported.map((event) => event.id), (await list({ limit: 1000, order: 'oldestFirst' })).map((event) => event.id));
    const csv = await audit('export', '--format', 'csv', '--type', 'ApiCreated');
    const records = csv.stdout.trimEnd().split('\r\n');
    assert.match(records[0], /^id,type,timestamp,position,workspaceId,resourceKind,resourceId,/);
    assert.ok(records.at(-1).includes('""name"":""with, comma and \\""quotes\\""""'), records.at(-1));
  });
  it('prove-projections compares the live read models with a replay', async () => {
    const proof = await keyfold(['audit', 'prove-projections', '--data', world.server.data]);
    assert.equal(proof.code, 0, proof.stderr);
    assert.match(proof.stdout, /^(\d+) of \1 digests are equal\n$/);
  });
});

describe('snapshots', () => {
  it('are made as events come, and a start without read models begins with the last', async () => {
    const folder = temporaryDirectory();
    const args = ['--config', join(folder, 'keyfold.toml')];
    writeFileSync(args[1], '[snapshots]\ninterval_events = 10\nkeep_max = 3\n');
    const first = await World.start({ args });
    const { data, rootKey } = first.server;
    const directory = join(data, 'snapshots');
    let second;
    try {
      const { keyId } = await first.key({ name: 'before' });
      for (let i = 0; i < 20; i += 1) await first.update(keyId, { name: `name ${i}` });
      while (!existsSync(directory) || readdirSync(directory).filter((name) => /^\d+$/.test(name)).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const [, created] = expectOk(await first.admin.call('audit.listEvents', { resource: key(keyId), order: 'oldestFirst', limit: 2 })).reverse();
      first.client.close();
      await first.server.stop('SIGTERM');
      rmSync(join(data, 'projections'), { recursive: true });
      second = await World.start({ data, args });
      second.admin.rootKey = rootKey;
      assert.equal((await second.get(keyId)).name, 'name 19');
      const state = expectOk(await second.admin.call('audit.getStateAsOf', { resource: key(keyId), at: created.position }));
      assert.equal(state.state.name, 'before');
      const proof = await keyfold(['audit', 'prove-projections', '--data', data]);
      assert.equal(proof.code, 0, proof.stderr);
    } finally {
      await (second ?? first).stop();
      removeDirectory(folder);
    }
  });
});
