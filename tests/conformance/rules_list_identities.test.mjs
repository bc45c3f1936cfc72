// identities.listIdentities (LI-*).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectForbidden, expectInvalid, expectOk, members } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

describe('identities.listIdentities', () => {
  const list = (body = {}, caller = world.admin) => caller.call('identities.listIdentities', body);
  const remove = (identity, caller) => caller.ok('identities.deleteIdentity', { identity });

  // A workspace with so many identities, and who administers it.
  async function population(count) {
    const { caller, workspaceId } = await world.otherWorkspace();
    const all = await Promise.all(Array.from({ length: count }, () => world.identity({}, caller)));
    return { caller, workspaceId, all: all.sort((a, b) => (a.id < b.id ? -1 : 1)) };
  }
  const callerOf = async (workspaceId, ...permissions) => new Caller(world.client,
    (await world.admin.ok('rootKeys.createRootKey', { name: unique('caller'), permissions, workspaceId })).rootKey);

  async function pages(caller, request) {
    const seen = [];
    for (let cursor; ;) {
      const answer = await list({ ...request, cursor }, caller);
      const rows = expectOk(answer);
      assert.ok(rows.length <= request.limit);
      seen.push(...rows.map((row) => row.id));
      cursor = answer.body.pagination.cursor;
      assert.equal(answer.body.pagination.hasMore, cursor !== undefined);
      if (cursor === undefined) return seen;
    }
  }

  it('LI-01 LI-02 LI-03 LI-08 LI-14 lists all, in pages, in the order of their ids', async () => {
    const { caller, all } = await population(7);
    const answer = await list({}, caller);
    assert.deepEqual(expectOk(answer), all.map(({ id, externalId }) => ({ id, externalId })));
    assert.deepEqual(answer.body.pagination, { hasMore: false });
    for (const size of [1, 3, 7, 8, 100]) assert.deepEqual(await pages(caller, { limit: size }), all.map((row) => row.id));
    const ratelimits = [{ name: 'requests', limit: 1, duration: 1000, autoApply: true }];
    const updated = await caller.ok('identities.updateIdentity', { identity: all[0].id, meta: { a: [1, null] }, ratelimits });
    const [first] = expectOk(await list({ limit: 1 }, caller));
    assert.deepEqual(first, updated);
    assert.deepEqual(members(first), ['externalId', 'id', 'meta', 'ratelimits']);
  });
  it('LI-04 leaves deleted ones out', async () => {
    const { caller, all } = await population(3);
    await remove(all[1].id, caller);
    assert.deepEqual(expectOk(await list({}, caller)).map((row) => row.id), [all[0].id, all[2].id]);
  });
  it('LI-05 keeps every character that an externalId may have', async () => {
    const { caller } = await population(0);
    const externalId = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-';
    await world.identity({ externalId }, caller);
    assert.equal(expectOk(await list({}, caller))[0].externalId, externalId);
    expectInvalid(await caller.call('identities.createIdentity', { externalId: '用户' }), '/properties/externalId/pattern');
  });
  it('LI-06 LI-11 lists the one of a workspace that has one', async () => {
    await world.identity();
    const { caller, all } = await population(1);
    const answer = await list({}, caller);
    assert.deepEqual(expectOk(answer).map((row) => row.id), [all[0].id]);
    assert.deepEqual(answer.body.pagination, { hasMore: false });
  });
  it('LI-07 searches in ids and externalIds, in any letter case and without wildcards', async () => {
    const { caller, all } = await population(3);
    const wanted = await world.identity({ externalId: 'Ann.Smith_1' }, caller);
    const find = async (search) => expectOk(await list({ search }, caller)).map((row) => row.id);
    for (const search of ['nn.Smi', 'ann.smith', 'ANN', '  Ann.Smith_1  ', wanted.id, wanted.id.toUpperCase(), wanted.id.slice(4)]) {
      assert.deepEqual(await find(search), [wanted.id], search);
    }
    for (const search of ['%', 'Ann%', 'Ann_Smith', '.*', 'Ann\\', 'nobody']) assert.deepEqual(await find(search), [], search);
    assert.deepEqual(await find('smith_'), [wanted.id]);
    for (const search of ['', '   ', '\t\n']) assert.equal((await find(search)).length, all.length + 1);
  });
  it('LI-09 refuses bad limits and searches, and takes any cursor', async () => {
    for (const size of [-10, 0]) expectInvalid(await list({ limit: size }), '/properties/limit/minimum');
    for (const size of [101, 200, 1000]) expectInvalid(await list({ limit: size }), '/properties/limit/maximum');
    expectInvalid(await list({ search: 's'.repeat(257) }), '/properties/search/maxLength');
    expectInvalid(await world.admin.raw('identities.listIdentities', '{"limit":'));
    const { caller } = await population(1);
    for (const cursor of ['nonsense', '', '~~~', '\u0000', '%']) expectOk(await list({ cursor }, caller));
  });
  it('LI-10 LI-12 wants a right on each row of the page', async () => {
    const { caller, workspaceId, all } = await population(2);
    const reader = (...grants) => callerOf(workspaceId, ...grants);
    const narrow = await reader(`identity.${all[0].id}.read_identity`);
    expectForbidden(await list({}, await reader('identity.*.create_identity')));
    expectForbidden(await list({}, narrow));
    assert.deepEqual(expectOk(await list({ search: all[0].externalId }, narrow)).map((row) => row.id), [all[0].id]);
    assert.deepEqual(expectOk(await list({ limit: 1 }, narrow)).map((row) => row.id), [all[0].id]);
    expectForbidden(await list({ limit: 1, cursor: all[1].id }, narrow));
    assert.deepEqual(expectOk(await list({ search: 'nobody' }, narrow)), []);
    for (const grant of ['identity.*.read_identity', `unkey:v1:${workspaceId}:projects/*/identities/*#read_identity`]) {
      assert.equal(expectOk(await list({}, await reader(grant))).length, 2);
    }
  });
  it('LI-13 searches and pages in a large population', async () => {
    const { caller, workspaceId } = await population(0);
    const all = await Promise.all(Array.from({ length: 600 }, (_, i) => world.identity({ externalId: `${i % 3 === 0 ? 'Gold' : 'iron'}.${i}` }, caller)));
    const gold = all.filter((_, i) => i % 3 === 0).map((row) => row.id).sort();
    assert.deepEqual(await pages(caller, { limit: 17, search: 'gold.' }), gold);
    assert.equal((await pages(await callerOf(workspaceId, 'identity.*.read_identity'), { limit: 100 })).length, 600);
  });
  it('6.4 shows each one once while others come and go', async () => {
    const { caller, all } = await population(30);
    const kept = all.filter((_, i) => i % 2 === 0).map((row) => row.id);
    const doomed = all.filter((_, i) => i % 2 === 1);
    const seen = [];
    for (let cursor; ;) {
      const answer = await list({ limit: 4, cursor }, caller);
      seen.push(...expectOk(answer).map((row) => row.id));
      cursor = answer.body.pagination.cursor;
      if (cursor === undefined) break;
      await Promise.all([world.identity({}, caller), world.identity({}, caller), ...doomed.splice(0, 2).map((row) => remove(row.id, caller))]);
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(seen, [...seen].sort());
    for (const id of kept) assert.ok(seen.includes(id), id);
  });
});
