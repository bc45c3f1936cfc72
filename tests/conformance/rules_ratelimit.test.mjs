// ratelimit.limit (RLM-*), ratelimit.multiLimit (ML-*), and windows and wildcards as they show over HTTP (SW*, WM*), E2E-07.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectError, expectForbidden, expectInvalid, expectOk, members } from './lib/expect.mjs';
import { check, MONTH_MS, Ratelimits } from './lib/ratelimits.mjs';
import { unique, World } from './lib/world.mjs';

let world;
let rates;
before(async () => {
  world = await World.start();
  rates = new Ratelimits(world);
});
after(() => world.stop());

const gone = (answer) => expectError(answer, 410, 'unkey/data/ratelimit_namespace_gone', 'Resource Gone');
const created = async (name) => rates.events('RatelimitNamespaceCreated', (await rates.namespaces()).get(name));

describe('ratelimit.limit', () => {
  it('RLM-01 creates an unknown namespace, once', async () => {
    const name = unique('new');
    const data = expectOk(await rates.limit({ namespace: name, limit: 7 }));
    assert.equal(data.success, true);
    assert.equal(data.remaining, 6);
    assert.match((await rates.namespaces()).get(name), /^rlns_[A-Za-z0-9]{9}$/);
    expectOk(await rates.limit({ namespace: name }));
    assert.equal((await created(name)).length, 1);
  });
  it('RLM-01 5.1 makes one namespace for many first calls at once', async () => {
    const name = unique('race');
    const identifier = unique('who');
    const answers = await Promise.all(Array.from({ length: 40 }, () => rates.limit({ namespace: name, identifier, limit: 25 })));
    assert.equal(answers.filter((answer) => expectOk(answer).success).length, 25);
    assert.equal((await created(name)).length, 1);
  });
  it('RLM-02 answers limit, remaining, reset and success, and no more', async () => {
    const data = expectOk(await rates.limit({ limit: 100, duration: 60_000 }));
    assert.deepEqual(members(data), ['limit', 'remaining', 'reset', 'success']);
    assert.equal(data.limit, 100);
    assert.equal(data.remaining, 99);
    assert.equal(data.reset % 60_000, 0);
    assert.ok(data.reset > Date.now() - 60_000 && data.reset <= Date.now() + 60_000);
  });
  it('RLM-03 5.5 records each decision under its request id', async () => {
    const identifier = unique('who');
    const passed = await rates.limit({ identifier, limit: 1 });
    const denied = await rates.limit({ identifier, limit: 1, cost: 3 });
    assert.equal(expectOk(passed).success, true);
    assert.equal(expectOk(denied).success, false);
    const decisions = await rates.decisionsOf(identifier);
    const byRequest = new Map(decisions.map((decision) => [decision.requestId, decision]));
    assert.equal(byRequest.get(passed.body.meta.requestId).passed, true);
    const { [denied.body.meta.requestId]: record } = Object.fromEntries(byRequest);
    assert.ok(!record.passed);
    assert.equal(record.tokens, '3');
    assert.equal(record.limit, '1');
    assert.equal(record.workspaceId, world.workspaceId);
    assert.equal(record.namespaceId, (await rates.namespaces()).get('shared'));
    assert.equal(decisions.length, 2);
  });
  it('1.8 records nothing when X-Unkey-Metrics is disabled, and counts', async () => {
    const identifier = unique('who');
    assert.equal(expectOk(await rates.limit({ identifier }, world.admin, { 'X-Unkey-Metrics': 'disabled' })).remaining, 99);
    assert.equal(expectOk(await rates.limit({ identifier })).remaining, 98);
    assert.equal((await rates.decisionsOf(identifier)).length, 1);
  });
  it('RLM-04 counts a cost of several', async () => { assert.equal(expectOk(await rates.limit({ cost: 5 })).remaining, 95); });
  it('RLM-05 RLM-06 WM1 WM2 takes the numbers of an exact or a wildcard override', async () => {
    const { name } = await rates.namespace();
    for (const [pattern, identifier] of [['exact', 'exact'], ['*@example.com', 'a@example.com'], ['hello*', 'hello you'], ['h*d', 'held']]) {
      const { overrideId } = expectOk(await rates.set({ namespace: name, identifier: pattern }));
      const data = expectOk(await rates.limit({ namespace: name, identifier }));
      assert.deepEqual({ ...data, reset: 0 }, { limit: 200, remaining: 199, reset: 0, success: true, overrideId }, pattern);
    }
  });
  it('WM1 WM3 WM4 WM5 matches by stars alone', async () => {
    for (const [pattern, matching, other] of [
      ['*@example.com', ['@example.com', 'a.b@example.com'], ['a@example.org', 'a@exampleXcom', 'a@example.com ', 'A@EXAMPLE.COM']],
      ['*', ['x', ' ', '☺'], ['two\nlines']],
      ['plain', ['plain'], ['plain2', 'Plain']],
      ['a*b*c', ['abc', 'a1b2c', 'abbc'], ['ab', 'acb']],
    ]) {
      const { name } = await rates.namespace();
      expectOk(await rates.set({ namespace: name, identifier: pattern }));
      for (const identifier of matching) {
        assert.ok('overrideId' in expectOk(await rates.limit({ namespace: name, identifier })), `${pattern} ${identifier}`);
      }
      for (const identifier of other) {
        assert.ok(!('overrideId' in expectOk(await rates.limit({ namespace: name, identifier }))), `${pattern} ${identifier}`);
      }
    }
  });
  it('5.3 prefers the exact identifier, then the wildcard created first', async () => {
    const { name } = await rates.namespace();
    const idOf = async (identifier) => expectOk(await rates.set({ namespace: name, identifier })).overrideId;
    const first = await idOf('a*');
    await idOf('*z');
    const exact = await idOf('abz');
    const usedBy = async (identifier) => expectOk(await rates.limit({ namespace: name, identifier })).overrideId;
    assert.equal(await usedBy('abz'), exact);
    assert.equal(await usedBy('acz'), first);
    await idOf('a*');  // changed, not created anew
    assert.equal(await usedBy('acz'), first);
  });
  it('RLM-07 denies above the limit without an error', async () => {
    const identifier = unique('who');
    expectOk(await rates.limit({ identifier, limit: 1 }));
    const data = expectOk(await rates.limit({ identifier, limit: 1 }));
    assert.deepEqual(members(data), ['limit', 'remaining', 'reset', 'success']);
    assert.deepEqual([data.success, data.limit, data.remaining], [false, 1, 0]);
  });
  it('RLM-08 RLM-21 takes any characters in a name, compared exactly', async () => {
    const names = ['!"§$%&/()=?', '名前 ☺', '\ttab\u0001\u0000', 'a:b/c', '  blanks  ', 'x', 'y'.repeat(255), 'z'.repeat(256), 'w'.repeat(512)];
    for (const name of names) {
      const identifier = unique('who');
      assert.equal(expectOk(await rates.limit({ namespace: name, identifier })).remaining, 99);
      assert.equal(expectOk(await rates.limit({ namespace: name, identifier: `${identifier}${name}`.slice(0, 512) })).remaining, 99);
      assert.equal(expectOk(await rates.limit({ namespace: name, identifier })).remaining, 98);
    }
    const found = await rates.namespaces();
    for (const name of names) assert.ok(found.has(name), name);
    assert.ok(!found.has('blanks'));
  });
  it('RLM-09 counts in the window of the override, not of the call', async () => {
    const { name } = await rates.namespace();
    const { overrideId } = expectOk(await rates.set({ namespace: name, identifier: 'ann', limit: 3, duration: MONTH_MS }));
    const seen = [];
    for (let i = 0; i < 4; i += 1) {
      const data = expectOk(await rates.limit({ namespace: name, identifier: 'ann', limit: 100, duration: 120_000 + i }));
      assert.equal(data.overrideId, overrideId);
      assert.equal(data.limit, 3);
      seen.push([data.remaining, data.success]);
    }
    assert.deepEqual(seen, [[2, true], [1, true], [0, true], [0, false]]);
  });
  it('RLM-10 RLM-18 RLM-21 refuses what the schema forbids', async () => {
    expectInvalid(await rates.limit({ cost: -1 }), '/properties/cost/minimum');
    expectInvalid(await rates.limit({ namespace: undefined }), '/required');
    expectInvalid(await rates.limit({}, world.admin, { Authorization: undefined }), 'security');
    expectInvalid(await rates.limit({ duration: 999 }), '/properties/duration/minimum');
    expectInvalid(await rates.limit({ limit: 0 }), '/properties/limit/minimum');
    expectInvalid(await rates.limit({ identifier: '' }), '/properties/identifier/minLength');
    expectInvalid(await rates.limit({ duration: MONTH_MS + 1 }), '/properties/duration/maximum');
    expectInvalid(await rates.limit({ limit: 2.5 }), '/properties/limit/type');
    expectInvalid(await rates.limit({ async: true }), '/additionalProperties');
    assert.equal(expectOk(await rates.limit({ identifier: 'i'.repeat(256) })).remaining, 99);
  });
  it('RLM-11 RLM-22 forbids whoever lacks the right, without naming what was looked up', async () => {
    const { name, id } = await rates.namespace();
    const foreign = await world.otherWorkspace('api.*.read_api');
    assert.match(expectForbidden(await rates.limit({ namespace: name }, foreign.caller)).detail, /create_namespace/);
    const error = expectForbidden(await rates.limit({ namespace: name }, await world.callerWith()));
    assert.match(error.detail, /ratelimit\.\*\.limit/);
    assert.ok(!error.detail.includes(id));
  });
  it('RLM-12 creates nothing without create_namespace, nor without limit', async () => {
    const name = unique('never');
    for (const grant of ['ratelimit.*.limit', 'ratelimit.*.create_namespace']) {
      expectForbidden(await rates.limit({ namespace: name }, await world.callerWith(grant)));
      assert.ok(!(await rates.namespaces()).has(name));
    }
    expectOk(await rates.limit({ namespace: name }, await world.callerWith('ratelimit.*.limit', 'ratelimit.*.create_namespace')));
  });
  it('RLM-13 answers 410 for a deleted namespace, by name and by id, before the right is asked for', async () => {
    const { name, id } = await rates.deletedNamespace();
    gone(await rates.limit({ namespace: name }));
    gone(await rates.limit({ namespace: id }));
    gone(await rates.limit({ namespace: name }, await world.callerWith()));
  });
  it('RLM-14 E2E-10 admits exactly the limit under parallel load', async () => {
    const identifier = unique('who');
    const answers = await Promise.all(Array.from({ length: 400 }, () => rates.limit({ identifier, limit: 150 })));
    const remaining = answers.map((answer) => expectOk(answer)).filter((data) => data.success).map((data) => data.remaining);
    assert.equal(remaining.length, 150);
    assert.deepEqual(remaining.sort((a, b) => a - b), Array.from({ length: 150 }, (_, i) => i));
  });
  it('RLM-15 SW3 lets a cost of 0 pass at an exhausted limit', async () => {
    const identifier = unique('who');
    expectOk(await rates.limit({ identifier, limit: 2, cost: 2 }));
    const data = expectOk(await rates.limit({ identifier, limit: 2, cost: 0 }));
    assert.deepEqual([data.success, data.remaining], [true, 0]);
  });
  it('RLM-16 RLM-20 SW7 denies a cost above what is left, whole', async () => {
    const identifier = unique('who');
    assert.deepEqual([expectOk(await rates.limit({ identifier, limit: 2, cost: 3 }))].map((data) => [data.success, data.remaining]), [[false, 0]]);
    assert.equal(expectOk(await rates.limit({ identifier, limit: 10, cost: 8 })).remaining, 2);
    assert.equal(expectOk(await rates.limit({ identifier, limit: 10, cost: 3 })).success, false);
    assert.equal(expectOk(await rates.limit({ identifier, limit: 10, cost: 2 })).remaining, 0);
  });
  it('RLM-17 5.2 counts each duration by itself and every limit together', async () => {
    const identifier = unique('who');
    assert.equal(expectOk(await rates.limit({ identifier, limit: 5 })).remaining, 4);
    assert.equal(expectOk(await rates.limit({ identifier, limit: 5, duration: MONTH_MS - 1000 })).remaining, 4);
    assert.equal(expectOk(await rates.limit({ identifier, limit: 50 })).remaining, 48);
  });
  it('RLM-19 takes a right on one namespace, by its id', async () => {
    const { name, id } = await rates.namespace();
    const other = await rates.namespace();
    const caller = await world.callerWith(`ratelimit.${id}.limit`);
    expectOk(await rates.limit({ namespace: name }, caller));
    expectOk(await rates.limit({ namespace: id }, caller));
    expectForbidden(await rates.limit({ namespace: other.name }, caller));
  });
  it('SW1 SW2 SW4 counts down to zero and denies', async () => {
    const identifier = unique('who');
    const seen = [];
    for (let i = 0; i < 11; i += 1) {
      const data = expectOk(await rates.limit({ identifier, limit: 10 }));
      seen.push([data.success, data.remaining]);
    }
    assert.deepEqual(seen, [...Array.from({ length: 10 }, (_, i) => [true, 9 - i]), [false, 0]]);
  });
  it('keeps workspaces, namespaces and identifiers apart', async () => {
    const { caller } = await world.otherWorkspace();
    const identifier = unique('who');
    const { name } = await rates.namespace();
    for (const [fields, by] of [[{}, world.admin], [{ namespace: name }, world.admin], [{}, caller]]) {
      assert.equal(expectOk(await rates.limit({ identifier, ...fields }, by)).remaining, 99);
    }
  });
});

describe('ratelimit.multiLimit', () => {
  it('ML-01 creates missing namespaces, each once', async () => {
    const [first, second] = [unique('multi'), unique('multi')];
    const data = expectOk(await rates.multi([check(first, 'a'), check(second, 'a'), check(first, 'b')]));
    assert.deepEqual(data.limits.map((one) => one.remaining), [99, 99, 99]);
    for (const name of [first, second]) {
      assert.ok((await rates.namespaces()).has(name));
      assert.equal((await created(name)).length, 1);
    }
  });
  it('ML-02 E2E-07 answers every check in order', async () => {
    const [a, b] = [unique('who'), unique('who')];
    const data = expectOk(await rates.multi([check('shared', a, { limit: 5 }), check('shared', b, { limit: 9 })]));
    assert.deepEqual(members(data), ['limits', 'passed']);
    assert.equal(data.passed, true);
    assert.deepEqual(data.limits.map(({ reset, ...one }) => one), [
      { namespace: 'shared', identifier: a, limit: 5, remaining: 4, passed: true },
      { namespace: 'shared', identifier: b, limit: 9, remaining: 8, passed: true },
    ]);
  });
  it('ML-03 records one decision for each check', async () => {
    const [a, b] = [unique('who'), unique('who')];
    const answer = await rates.multi([check('shared', a), check('shared', b, { limit: 1, cost: 2 })]);
    assert.equal(expectOk(answer).passed, false);
    const decisions = await rates.decisionsOf(a, b);
    assert.deepEqual(decisions.map((one) => `${one.identifier} ${one.passed ?? false} ${one.requestId}`).sort(),
      [`${a} true ${answer.body.meta.requestId}`, `${b} false ${answer.body.meta.requestId}`].sort());
  });
  it('ML-04 takes the cost of each check from its own limit', async () => {
    const data = expectOk(await rates.multi([check('shared', unique('who'), { cost: 3 }), check('shared', unique('who'), { cost: 0 })]));
    assert.deepEqual(data.limits.map((one) => one.remaining), [97, 100]);
  });
  it('ML-05 ML-06 takes the numbers of overrides', async () => {
    const { name, id } = await rates.namespace();
    const five = expectOk(await rates.set({ namespace: name, identifier: 'five', limit: 5 })).overrideId;
    const three = expectOk(await rates.set({ namespace: name, identifier: 'th*', limit: 3 })).overrideId;
    const data = expectOk(await rates.multi([check(name, 'five'), check(id, 'three'), check(name, 'other')]));
    assert.deepEqual(data.limits.map((one) => [one.limit, one.remaining, one.overrideId]),
      [[5, 4, five], [3, 2, three], [100, 99, undefined]]);
  });
  it('ML-07 ML-12 SW8 counts nothing when one check fails', async () => {
    const [a, b, c] = [unique('who'), unique('who'), unique('who')];
    const checks = [check('shared', a), check('shared', b, { limit: 1 }), check('shared', c, { limit: 300 })];
    assert.equal(expectOk(await rates.multi(checks)).passed, true);
    const data = expectOk(await rates.multi(checks));
    assert.equal(data.passed, false);
    assert.deepEqual(data.limits.map((one) => [one.identifier, one.passed, one.limit, one.remaining]),
      [[a, true, 100, 99], [b, false, 1, 0], [c, true, 300, 299]]);
    assert.equal(expectOk(await rates.limit({ identifier: a, cost: 0 })).remaining, 99);
    assert.equal(expectOk(await rates.limit({ identifier: c, limit: 300, cost: 0 })).remaining, 299);
  });
  it('ML-08 counts down an override and fails', async () => {
    const { name } = await rates.namespace();
    expectOk(await rates.set({ namespace: name, identifier: 'ann', limit: 3 }));
    const seen = [];
    for (let i = 0; i < 4; i += 1) {
      const data = expectOk(await rates.multi([check(name, 'ann'), check('shared', unique('who'))]));
      seen.push([data.passed, data.limits[0].remaining]);
    }
    assert.deepEqual(seen, [[true, 2], [true, 1], [true, 0], [false, 0]]);
  });
  it('5.4 counts checks of the same counter one after the other', async () => {
    const who = unique('who');
    const fits = expectOk(await rates.multi([check('shared', who, { limit: 5, cost: 2 }), check('shared', who, { limit: 5, cost: 3 })]));
    assert.deepEqual(fits.limits.map((one) => [one.passed, one.remaining]), [[true, 3], [true, 0]]);
    const other = unique('who');
    const fails = expectOk(await rates.multi([check('shared', other, { limit: 5, cost: 2 }), check('shared', other, { limit: 5, cost: 4 })]));
    assert.deepEqual(fails.limits.map((one) => [one.passed, one.remaining]), [[true, 5], [false, 0]]);
  });
  it('ML-09 ML-13 refuses what the schema forbids', async () => {
    expectInvalid(await rates.multi([]), '/minItems');
    expectInvalid(await rates.multi([check('shared', 'a', { cost: -1 })]), '/items/properties/cost/minimum');
    expectInvalid(await rates.multi([check(undefined, 'a')]), '/items/required');
    expectInvalid(await rates.multi(Array.from({ length: 101 }, () => check('shared', 'a'))), '/maxItems');
    expectInvalid(await rates.multi(check('shared', 'a')), '/type');
    const who = unique('who');
    expectOk(await rates.multi([check('shared', who, { cost: 4 })]));
    const free = expectOk(await rates.multi([check('shared', who, { cost: 0 }), check('shared', who, { cost: 0 })]));
    assert.deepEqual(free.limits.map((one) => one.remaining), [96, 96]);
    assert.equal(expectOk(await rates.multi(Array.from({ length: 100 }, (_, i) => check('shared', `${who}-${i}`)))).limits.length, 100);
  });
  it('ML-10 forbids the whole call and counts nothing', async () => {
    const [a, b] = [await rates.namespace(), await rates.namespace()];
    const missing = unique('missing');
    const who = unique('who');
    expectForbidden(await rates.multi([check(a.name, who)], await world.callerWith()));
    expectForbidden(await rates.multi([check(a.name, who)], (await world.otherWorkspace('api.*.read_api')).caller));
    expectForbidden(await rates.multi([check(a.name, who), check(missing, who)], await world.callerWith('ratelimit.*.limit')));
    const onlyA = await world.callerWith(`ratelimit.${a.id}.limit`, 'ratelimit.*.create_namespace');
    expectForbidden(await rates.multi([check(a.name, who), check(b.name, who)], onlyA));
    expectForbidden(await rates.multi([check(a.name, who), check(missing, who)], onlyA));
    assert.ok(!(await rates.namespaces()).has(missing));
    assert.equal(expectOk(await rates.multi([check(a.name, who, { cost: 0 })], onlyA)).limits[0].remaining, 100);
    const both = await world.callerWith(`ratelimit.${a.id}.limit`, `ratelimit.${b.id}.limit`);
    assert.equal(expectOk(await rates.multi([check(a.name, who), check(b.id, who)], both)).passed, true);
  });
  it('ML-11 answers 410 when one namespace was deleted, and counts nothing', async () => {
    const { name } = await rates.deletedNamespace();
    const who = unique('who');
    gone(await rates.multi([check('shared', who), check(name, who)]));
    gone(await rates.multi([check(unique('not made'), who), check(name, who)]));
    assert.equal(expectOk(await rates.limit({ identifier: who, cost: 0 })).remaining, 100);
  });
});
