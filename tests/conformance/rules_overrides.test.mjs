// Overrides of rate limits (SO-*, GO-*, DO-*, LO-*), XX-10, and keyfold's own endpoints for namespaces.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectForbidden, expectInvalid, expectNotFound, expectOk, members } from './lib/expect.mjs';
import { check, MONTH_MS, Ratelimits } from './lib/ratelimits.mjs';
import { World } from './lib/world.mjs';

let world;
let rates;
before(async () => {
  world = await World.start();
  rates = new Ratelimits(world);
});
after(() => world.stop());

describe('ratelimit.setOverride', () => {
  it('SO-01 SO-02 SO-03 E2E-01 sets an override by name or id, wildcards too', async () => {
    const { name, id } = await rates.namespace();
    for (const [by, identifier] of [[name, 'ann'], [id, 'bob'], [name, '*@example.com']]) {
      const data = expectOk(await rates.set({ namespace: by, identifier, limit: 12, duration: 34_000 }));
      assert.deepEqual(members(data), ['overrideId']);
      assert.match(data.overrideId, /^rlor_[A-Za-z0-9]{9}$/);
      assert.deepEqual(expectOk(await rates.override('getOverride', id, identifier)),
        { overrideId: data.overrideId, identifier, limit: 12, duration: 34_000 });
    }
  });
  it('SO-04 keeps the id of an identifier and takes the new values', async () => {
    const { name, id } = await rates.namespace();
    const first = expectOk(await rates.set({ namespace: name, identifier: 'ann', limit: 1 }));
    const second = expectOk(await rates.set({ namespace: id, identifier: 'ann', limit: 2 }));
    assert.equal(second.overrideId, first.overrideId);
    assert.deepEqual(expectOk(await rates.list(name)).map((row) => [row.overrideId, row.limit]), [[first.overrideId, 2]]);
  });
  it('SO-05 XX-11 is one event, and none when nothing changes', async () => {
    const { name, id } = await rates.namespace();
    for (let i = 0; i < 2; i += 1) expectOk(await rates.set({ namespace: name, identifier: 'ann', limit: 5, duration: 6000 }));
    const events = await rates.events('RatelimitOverrideSet', id);
    assert.equal(events.length, 1);
  });
  it('SO-06 refuses what the schema forbids', async () => {
    const { name } = await rates.namespace();
    const ok = { namespace: name, identifier: 'ann' };
    expectInvalid(await world.admin.call('ratelimit.setOverride', {}), '/required');
    for (const member of ['identifier', 'namespace', 'duration', 'limit']) {
      expectInvalid(await rates.set({ ...ok, [member]: undefined }), '/required');
    }
    expectInvalid(await rates.set({ ...ok, identifier: '' }), '/properties/identifier/minLength');
    expectInvalid(await rates.set({ ...ok, limit: -1 }), '/properties/limit/minimum');
    expectInvalid(await rates.set({ ...ok, duration: -1 }), '/properties/duration/minimum');
    expectInvalid(await rates.set({ ...ok, duration: 999 }), '/properties/duration/minimum');
  });
  it('SO-07 SO-08 looks up first and then asks for the right', async () => {
    const { name, id } = await rates.namespace();
    const foreign = await world.otherWorkspace('api.*.read_api');
    for (const by of [name, id]) {
      expectNotFound(await rates.set({ namespace: by, identifier: 'ann' }, foreign.caller), 'ratelimit_namespace');
      expectForbidden(await rates.set({ namespace: by, identifier: 'ann' }, await world.callerWith('ratelimit.*.limit')));
      expectOk(await rates.set({ namespace: by, identifier: 'ann' }, await world.callerWith(`ratelimit.${id}.set_override`)));
    }
    expectNotFound(await rates.set({ namespace: 'rlns_absent', identifier: 'ann' }), 'ratelimit_namespace');
    expectNotFound(await rates.set({ namespace: (await rates.deletedNamespace()).name, identifier: 'ann' }), 'ratelimit_namespace');
  });
  it('12.1 denies everything with a limit of 0', async () => {
    const { name } = await rates.namespace();
    const { overrideId } = expectOk(await rates.set({ namespace: name, identifier: 'ann', limit: 0 }));
    const data = expectOk(await rates.limit({ namespace: name, identifier: 'ann' }));
    assert.deepEqual([data.success, data.limit, data.remaining, data.overrideId], [false, 0, 0, overrideId]);
    const batch = expectOk(await rates.multi([check(name, 'ann'), check(name, 'bob')]));
    assert.deepEqual([batch.passed, ...batch.limits.map((one) => one.passed)], [false, false, true]);
  });
  it('12.2 comes back after it was deleted', async () => {
    const { name } = await rates.namespace();
    expectOk(await rates.set({ namespace: name, identifier: 'ann' }));
    expectOk(await rates.override('deleteOverride', name, 'ann'));
    const { overrideId } = expectOk(await rates.set({ namespace: name, identifier: 'ann' }));
    assert.equal(expectOk(await rates.limit({ namespace: name, identifier: 'ann' })).overrideId, overrideId);
  });
});

describe('ratelimit.getOverride', () => {
  it('GO-01 GO-07 shows what a check would use, by name and by id', async () => {
    const { name, id } = await rates.namespace();
    const { overrideId } = expectOk(await rates.set({ namespace: name, identifier: '*@example.com' }));
    for (const by of [name, id]) {
      for (const identifier of ['a@example.com', '*@example.com']) {
        assert.deepEqual(expectOk(await rates.override('getOverride', by, identifier)),
          { overrideId, identifier: '*@example.com', limit: 200, duration: MONTH_MS });
      }
    }
  });
  it('GO-02 refuses what the schema forbids', async () => {
    expectInvalid(await rates.override('getOverride', undefined, 'ann'), '/required');
    expectInvalid(await rates.override('getOverride', 'shared', undefined), '/required');
    expectInvalid(await rates.override('getOverride', '', 'ann'), '/properties/namespace/minLength');
  });
  it('GO-03 finds no unknown override and no unknown namespace', async () => {
    const { name } = await rates.namespace();
    expectNotFound(await rates.override('getOverride', name, 'ann'), 'ratelimit_override');
    expectNotFound(await rates.override('getOverride', 'rlns_absent', 'ann'), 'ratelimit_namespace');
  });
  it('GO-04 masks a missing right', async () => {
    const [one, sibling] = [await rates.namespace(), await rates.namespace()];
    expectOk(await rates.set({ namespace: one.name, identifier: 'ann' }));
    const absent = expectNotFound(await rates.override('getOverride', one.name, 'bob'), 'ratelimit_override');
    for (const grants of [[], ['ratelimit.*.limit'], [`ratelimit.${sibling.id}.read_override`]]) {
      const answer = await rates.override('getOverride', one.name, 'ann', await world.callerWith(...grants));
      assert.deepEqual(expectNotFound(answer, 'ratelimit_override'), absent);
    }
    const { caller } = await world.otherWorkspace();
    assert.deepEqual(expectNotFound(await rates.override('getOverride', one.name, 'ann', caller), 'ratelimit_namespace'),
      expectNotFound(await rates.override('getOverride', 'absent', 'ann', caller), 'ratelimit_namespace'));
    expectOk(await rates.override('getOverride', one.name, 'ann', await world.callerWith(`ratelimit.${one.id}.read_override`)));
  });
  it('GO-05 GO-06 UR1 UR3 takes a grant by URN that covers the override, and no other', async () => {
    const [one, sibling] = [await rates.namespace(), await rates.namespace()];
    const { overrideId } = expectOk(await rates.set({ namespace: one.name, identifier: 'ann' }));
    const readWith = async (rest, workspace = world.workspaceId) =>
      rates.override('getOverride', one.name, 'ann', await world.callerWith(`unkey:v1:${workspace}:${rest}`));
    for (const path of [`namespaces/${one.id}/overrides/${overrideId}`, `namespaces/${one.id}/overrides/*`, `namespaces/${one.id}/**`,
      'namespaces/*/overrides/*', '**']) {
      expectOk(await readWith(`ratelimits/${path}#read_override`));
    }
    expectOk(await readWith('**#*'));
    for (const rest of [`ratelimits/namespaces/${sibling.id}/overrides/*#read_override`, 'ratelimits/**#set_override',
      `ratelimits/namespaces/${one.id}#read_override`]) {
      expectNotFound(await readWith(rest), 'ratelimit_override');
    }
    expectNotFound(await readWith('ratelimits/**#read_override', 'ws_elsewhere'), 'ratelimit_override');
  });
});

describe('ratelimit.deleteOverride', () => {
  it('DO-01 DO-05 XX-10 E2E-01 ends an override at once, and once', async () => {
    for (const by of ['name', 'id']) {
      const made = await rates.namespace();
      const use = async () => expectOk(await rates.limit({ namespace: made.name, identifier: 'ann', limit: 50, duration: 3_600_000 }));
      expectOk(await rates.set({ namespace: made.name, identifier: 'ann', limit: 3 }));
      assert.equal((await use()).remaining, 2);
      assert.deepEqual(expectOk(await rates.override('deleteOverride', made[by], 'ann')), {});
      const data = await use();
      assert.deepEqual([data.limit, data.remaining, 'overrideId' in data], [50, 49, false]);
      expectNotFound(await rates.override('getOverride', made.name, 'ann'), 'ratelimit_override');
      expectNotFound(await rates.override('deleteOverride', made.name, 'ann'), 'ratelimit_override');
      const events = await rates.events('RatelimitOverrideDeleted', made.id);
      assert.equal(events.length, 1);
    }
  });
  it('DO-02 refuses what the schema forbids', async () => {
    expectInvalid(await rates.override('deleteOverride', undefined, 'ann'), '/required');
    expectInvalid(await rates.override('deleteOverride', 'shared', ''), '/properties/identifier/minLength');
  });
  it('DO-03 5.3 deletes by the exact identifier alone', async () => {
    const { name } = await rates.namespace();
    expectOk(await rates.set({ namespace: name, identifier: 'a*' }));
    expectNotFound(await rates.override('deleteOverride', name, 'abc'), 'ratelimit_override');
    expectNotFound(await rates.override('deleteOverride', 'rlns_absent', 'a*'), 'ratelimit_namespace');
    expectOk(await rates.override('deleteOverride', name, 'a*'));
  });
  it('DO-04 is refused to others, and the override stays', async () => {
    const { name } = await rates.namespace();
    expectOk(await rates.set({ namespace: name, identifier: 'ann' }));
    expectNotFound(await rates.override('deleteOverride', name, 'ann', (await world.otherWorkspace('api.*.read_api')).caller), 'ratelimit_namespace');
    expectForbidden(await rates.override('deleteOverride', name, 'ann', await world.callerWith('ratelimit.*.set_override')));
    expectOk(await rates.override('getOverride', name, 'ann'));
    expectOk(await rates.override('deleteOverride', name, 'ann', await world.callerWith('ratelimit.*.delete_override')));
  });
});

describe('ratelimit.listOverrides', () => {
  it('LO-01 LO-06 LO-07 lists by id, page by page, without what was deleted', async () => {
    const { name, id } = await rates.namespace();
    for (let i = 0; i < 5; i += 1) expectOk(await rates.set({ namespace: name, identifier: `who-${i}`, limit: i }));
    expectOk(await rates.override('deleteOverride', name, 'who-2'));
    const all = expectOk(await rates.list(name));
    assert.deepEqual(expectOk(await rates.list(id)), all);
    assert.equal(all.length, 4);
    assert.deepEqual(all.map((row) => row.overrideId), all.map((row) => row.overrideId).sort());
    assert.ok(all.every((row) => row.identifier !== 'who-2'));
    for (const row of all) assert.deepEqual(members(row), ['duration', 'identifier', 'limit', 'overrideId']);
    const paged = [];
    let cursor;
    do {
      const answer = await rates.list(name, { limit: 3, cursor });
      paged.push(...expectOk(answer));
      ({ cursor } = answer.body.pagination);
    } while (cursor !== undefined);
    assert.deepEqual(paged, all);
  });
  it('LO-01 12.13 has 50 on a page unless asked otherwise', async () => {
    const { name } = await rates.namespace();
    await Promise.all(Array.from({ length: 51 }, (_, i) => rates.set({ namespace: name, identifier: `who-${i}` })));
    const answer = await rates.list(name);
    assert.equal(expectOk(answer).length, 50);
    assert.equal(answer.body.pagination.hasMore, true);
    assert.equal(expectOk(await rates.list(name, { limit: 100 })).length, 51);
  });
  it('LO-02 lists none as none', async () => {
    const answer = await rates.list((await rates.namespace()).name);
    assert.deepEqual(expectOk(answer), []);
    assert.deepEqual(answer.body.pagination, { hasMore: false });
  });
  it('LO-03 LO-06 refuses what the schema forbids', async () => {
    expectInvalid(await rates.list(undefined), '/required');
    expectInvalid(await rates.list('shared', { limit: 101 }), '/properties/limit/maximum');
    expectInvalid(await rates.list('shared', { limit: 0 }), '/properties/limit/minimum');
  });
  it('LO-04 LO-05 looks up first and then asks for the right', async () => {
    const { name, id } = await rates.namespace();
    expectNotFound(await rates.list('rlns_absent'), 'ratelimit_namespace');
    expectNotFound(await rates.list(name, {}, (await world.otherWorkspace()).caller), 'ratelimit_namespace');
    expectForbidden(await rates.list(name, {}, await world.callerWith('ratelimit.*.limit')));
    expectOk(await rates.list(name, {}, await world.callerWith(`ratelimit.${id}.read_override`)));
  });
});

describe('namespaces', () => {
  it('are listed page by page to who may read them', async () => {
    const { caller } = await world.otherWorkspace();
    const names = [];
    for (let i = 0; i < 3; i += 1) names.push((await rates.namespace(caller)).name);
    const answer = await caller.call('ratelimit.listNamespaces', { limit: 2 });
    assert.deepEqual(members(expectOk(answer)[0]), ['createdAt', 'name', 'namespaceId']);
    assert.equal(answer.body.pagination.hasMore, true);
    assert.deepEqual([...(await rates.namespaces(caller)).keys()].sort(), names.sort());
    expectForbidden(await (await world.callerWith('ratelimit.*.limit')).call('ratelimit.listNamespaces', {}));
    expectOk(await (await world.callerWith('ratelimit.*.read_namespace')).call('ratelimit.listNamespaces', {}));
  });
  it('are deleted once, by name or id, by who may', async () => {
    const { name, id } = await rates.namespace();
    const remove = (by, caller = world.admin) => caller.call('ratelimit.deleteNamespace', { namespace: by });
    expectForbidden(await remove(name, await world.callerWith('ratelimit.*.limit')));
    expectNotFound(await remove(name, (await world.otherWorkspace()).caller), 'ratelimit_namespace');
    expectOk(await rates.set({ namespace: name, identifier: 'ann' }));
    assert.deepEqual(expectOk(await remove(id, await world.callerWith(`ratelimit.${id}.delete_namespace`))), {});
    expectNotFound(await remove(name), 'ratelimit_namespace');
    assert.ok(!(await rates.namespaces()).has(name));
    for (const operation of ['getOverride', 'deleteOverride']) expectNotFound(await rates.override(operation, id, 'ann'), 'ratelimit_namespace');
    expectNotFound(await rates.list(id), 'ratelimit_namespace');
  });
});
