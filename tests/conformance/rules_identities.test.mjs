// identities.* but for lists (CI-*, GI-*, UI-*, DI-*), and identities across endpoints (XX-02, XX-05, XX-07,
// E2E-01, E2E-02).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventsTail } from './lib/cli.mjs';
import { expectCode, expectError, expectForbidden, expectInvalid, expectNotFound, expectOk, expectRuleViolation, members } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

const MEBIBYTE = 1024 * 1024;
const META = { text: 'x', list: [1, 2.5, 'three'], nested: { deep: { yes: true, no: false, nothing: null } } };
const limit = (name, more = {}) => ({ name, limit: 10, duration: 60_000, autoApply: false, ...more });
const withoutIds = (limits) => limits.map(({ id, ...rest }) => rest);
const urn = (action) => `unkey:v1:${world.workspaceId}:projects/*/identities/*#${action}`;
// A meta whose JSON has exactly that many bytes.
const metaOf = (bytes) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

const create = (body, caller = world.admin) => caller.call('identities.createIdentity', body);
const get = (identity, caller = world.admin) => caller.call('identities.getIdentity', { identity });
const update = (identity, fields, caller = world.admin) => caller.call('identities.updateIdentity', { identity, ...fields });
const remove = (identity, caller = world.admin) => caller.call('identities.deleteIdentity', { identity });

const made = (fields) => world.identity(fields);

/** The events of an identity, oldest first. */
async function eventsOf(id) {
  return (await eventsTail(world.server)).filter((event) => event.streamKind === 'identity' && event.streamId === id);
}

describe('identities.createIdentity', () => {
  it('CI-01 CI-04 GI-07 E2E-01 creates one that is there at once', async () => {
    const ids = new Set();
    for (let i = 0; i < 3; i += 1) {
      const externalId = unique('customer');
      const data = expectOk(await create({ externalId }));
      assert.deepEqual(members(data), ['identityId']);
      assert.match(data.identityId, /^id_[A-Za-z0-9]{9}$/);
      assert.deepEqual(expectOk(await get(externalId)), { id: data.identityId, externalId });
      ids.add(data.identityId);
    }
    assert.equal(ids.size, 3);
  });
  it('CI-02 CI-03 stores meta and ratelimits as they are', async () => {
    const ratelimits = [limit('requests', { autoApply: true }), limit('tokens')];
    for (const fields of [{ meta: META }, { ratelimits }, { meta: META, ratelimits }]) {
      const read = expectOk(await get((await made(fields)).id));
      assert.deepEqual(read.meta, fields.meta);
      assert.deepEqual(read.ratelimits && withoutIds(read.ratelimits), fields.ratelimits);
    }
  });
  it('CI-05 CI-11 takes externalIds of 1 to 255 characters', async () => {
    expectOk(await create({ externalId: 'x' }));
    expectOk(await create({ externalId: 'xy' }));
    expectOk(await create({ externalId: 'x'.repeat(255) }));
    expectInvalid(await create({ externalId: 'x'.repeat(256) }), '/properties/externalId/maxLength');
  });
  it('CI-06 refuses what schema and rules forbid', async () => {
    const externalId = unique('refused');
    expectInvalid(await create({}), '/required');
    expectInvalid(await create({ externalId: '' }), '/properties/externalId/minLength');
    const { name, ...nameless } = limit('name');
    const entry = '/properties/ratelimits/items/';
    for (const [wrong, location] of [
      [nameless, 'required'], [limit('name', { limit: -10 }), 'properties/limit/minimum'],
      [limit('name', { limit: 0 }), 'properties/limit/minimum'], [limit('name', { duration: 999 }), 'properties/duration/minimum'],
    ]) {
      expectInvalid(await create({ externalId, ratelimits: [wrong] }), entry + location);
    }
    const error = expectRuleViolation(await create({ externalId, meta: metaOf(MEBIBYTE + 1) }));
    assert.match(error.detail, /meta/);
    expectNotFound(await get(externalId), 'identity');
    expectOk(await create({ externalId, meta: metaOf(MEBIBYTE) }));
  });
  it('6.2 refuses a ratelimit name that comes twice', async () => {
    const externalId = unique('twice');
    const error = expectRuleViolation(await create({ externalId, ratelimits: [limit('same'), limit('same', { limit: 1 })] }));
    assert.match(error.detail, /same/);
    expectNotFound(await get(externalId), 'identity');
  });
  it('1.6 ignores unknown members', async () => {
    expectOk(await create({ externalId: unique('open'), later: { anything: true } }));
  });
  it('CI-07 CI-09 forbids without the right', async () => {
    const externalId = unique('customer');
    const foreign = `unkey:v1:ws_other:projects/*/identities/*#create_identity`;
    for (const grants of [[], ['identity.*.read_identity'], ['identity.*.update_identity'], [foreign], [urn('read_identity')]]) {
      expectForbidden(await create({ externalId }, await world.callerWith(...grants)));
    }
    const other = await world.otherWorkspace('identity.*.create_identity');
    expectOk(await create({ externalId }, other.caller));
    expectNotFound(await get(externalId), 'identity');
    for (const grant of ['identity.*.create_identity', urn('create_identity')]) {
      expectOk(await create({ externalId: unique('customer') }, await world.callerWith(grant)));
    }
  });
  it('CI-08 XX-02 refuses an externalId that is taken, by whatever way', async () => {
    const exists = (answer) => expectError(answer, 409, 'unkey/data/identity_already_exists', 'Conflicting Resource');
    const { externalId } = await made();
    exists(await create({ externalId }));
    const byKey = unique('by.key');
    await world.key({ externalId: byKey });
    exists(await create({ externalId: byKey }));
    expectOk(await create({ externalId: byKey.toUpperCase() }));
  });
  it('CI-08 lets one of many parallel ones win', async () => {
    const externalId = unique('race');
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ externalId })));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(19).fill(409)]);
    const [won] = answers.filter((answer) => answer.status === 200);
    assert.equal(expectOk(await get(externalId)).id, won.data.identityId);
  });
  it('CI-10 is one event, whole, of whom and with what request', async () => {
    const answer = await create({ externalId: unique('audited'), meta: { a: 1 }, ratelimits: [limit('one'), limit('two')] });
    const [event, ...more] = await eventsOf(answer.data.identityId);
    assert.deepEqual(more, []);
    assert.equal(event.type, 'IdentityCreated');
    assert.equal(event.requestId, answer.body.meta.requestId);
    assert.equal(event.principal.type, 'ROOT_KEY');
    assert.deepEqual(event.payload.ratelimits.map((entry) => entry.name), ['one', 'two']);
  });
});

describe('identities.getIdentity', () => {
  it('GI-01 GI-02 GI-12 finds by externalId and by id, with all that it has', async () => {
    const { id, externalId } = await made({ meta: META, ratelimits: [limit('requests', { autoApply: true })] });
    for (const name of [id, externalId]) {
      const data = expectOk(await get(name));
      assert.deepEqual(members(data), ['externalId', 'id', 'meta', 'ratelimits']);
      assert.equal(data.id, id);
      assert.equal(data.externalId, externalId);
      assert.deepEqual(data.meta, META);
      assert.deepEqual(members(data.ratelimits[0]), ['autoApply', 'duration', 'id', 'limit', 'name']);
      assert.match(data.ratelimits[0].id, /^rl_[A-Za-z0-9]+$/);
    }
  });
  it('GI-03 GI-04 leaves out what is not set', async () => {
    const bare = await made({ meta: {}, ratelimits: [] });
    assert.deepEqual(expectOk(await get(bare.id)), { id: bare.id, externalId: bare.externalId });
  });
  it('GI-05 GI-06 shows a large meta and many ratelimits', async () => {
    const meta = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v'.repeat(9000)]));
    const ratelimits = Array.from({ length: 50 }, (_, i) => limit(`limit${String(i).padStart(2, '0')}`, { limit: i + 1 }));
    const data = expectOk(await get((await made({ meta, ratelimits })).id));
    assert.deepEqual(data.meta, meta);
    assert.deepEqual(withoutIds(data.ratelimits), ratelimits);
    assert.equal(new Set(data.ratelimits.map((entry) => entry.id)).size, 50);
  });
  it('GI-08 refuses a missing or empty name', async () => {
    expectInvalid(await world.admin.call('identities.getIdentity', {}), '/required');
    expectInvalid(await get(''), '/properties/identity/minLength');
  });
  it('GI-09 GI-11 wants a right on the id', async () => {
    const { id, externalId } = await made();
    const other = await made();
    for (const grants of [[], ['identity.*.create_identity'], [`identity.${externalId}.read_identity`],
      [`identity.${other.id}.read_identity`]]) {
      expectForbidden(await get(externalId, await world.callerWith(...grants)));
    }
    for (const grant of ['identity.*.read_identity', `identity.${id}.read_identity`, urn('read_identity')]) {
      expectOk(await get(externalId, await world.callerWith(grant)));
    }
  });
  it('GI-10 finds none that is unknown, deleted or foreign', async () => {
    const absent = expectNotFound(await get('nobody'), 'identity').detail;
    const { id, externalId } = await made();
    const { caller } = await world.otherWorkspace();
    assert.equal(expectNotFound(await get(id, caller), 'identity').detail, absent);
    expectOk(await remove(id));
    for (const name of [id, externalId]) assert.equal(expectNotFound(await get(name), 'identity').detail, absent);
  });
});

describe('identities.updateIdentity', () => {
  it('UI-01 UI-03 UI-04 UI-05 E2E-02 changes and clears meta and ratelimits', async () => {
    const { id, externalId } = await made({ meta: { old: true }, ratelimits: [limit('old')] });
    const changed = expectOk(await update(externalId, { meta: META }));
    assert.deepEqual(changed.meta, META);
    assert.deepEqual(expectOk(await get(id)), changed);
    const both = expectOk(await update(id, { meta: { new: 1 }, ratelimits: [limit('new')] }));
    assert.deepEqual(both.meta, { new: 1 });
    assert.deepEqual(withoutIds(both.ratelimits), [limit('new')]);
    assert.ok(!('ratelimits' in expectOk(await update(id, { ratelimits: [] }))));
    assert.deepEqual(expectOk(await update(id, { meta: {} })), { id, externalId });
    assert.deepEqual(expectOk(await get(id)), { id, externalId });
  });
  it('UI-02 UI-13 replaces ratelimits by name, and a name that stays keeps its id', async () => {
    const { id } = await made({ ratelimits: [limit('changed'), limit('dropped')] });
    const before_ = expectOk(await get(id)).ratelimits;
    const wanted = [limit('added', { limit: 3 }), limit('changed', { limit: 2, duration: 5000, autoApply: true })];
    const after_ = expectOk(await update(id, { ratelimits: wanted })).ratelimits;
    assert.deepEqual(withoutIds(after_), wanted);
    assert.equal(after_[1].id, before_[0].id);
    assert.ok(!before_.some((entry) => entry.id === after_[0].id));
  });
  it('UI-06 takes many parallel changes of one and of many', async () => {
    const one = await made();
    const many = await Promise.all(Array.from({ length: 10 }, () => made()));
    const set = (n) => ['a', 'b', 'c'].map((name) => limit(`limit_${name}`, { limit: n + 1 }));
    const answers = await Promise.all([
      ...Array.from({ length: 30 }, (_, n) => update(one.id, { ratelimits: set(n) })),
      ...many.flatMap(({ id }, n) => [update(id, { ratelimits: set(n) }), update(id, { meta: { n } })]),
    ]);
    for (const answer of answers) expectOk(answer);
    const { ratelimits } = expectOk(await get(one.id));
    assert.deepEqual(ratelimits.map((entry) => entry.name), ['limit_a', 'limit_b', 'limit_c']);
    assert.equal(new Set(ratelimits.map((entry) => entry.limit)).size, 1);
    for (const [n, { id }] of many.entries()) {
      const read = expectOk(await get(id));
      assert.deepEqual(read.meta, { n });
      assert.deepEqual(withoutIds(read.ratelimits), set(n));
    }
  });
  it('UI-07 refuses what schema and rules forbid, before it looks', async () => {
    expectInvalid(await world.admin.call('identities.updateIdentity', { meta: {} }), '/required');
    expectInvalid(await update('', {}), '/properties/identity/minLength');
    const { id } = await made({ meta: { kept: true } });
    for (const name of [id, 'nobody']) {
      assert.match(expectRuleViolation(await update(name, { ratelimits: [limit('twice'), limit('twice')] })).detail, /twice/);
      expectRuleViolation(await update(name, { meta: metaOf(MEBIBYTE + 1) }));
    }
    expectForbidden(await update('nobody', { ratelimits: [limit('twice'), limit('twice')] }, await world.callerWith()));
    assert.deepEqual(expectOk(await get(id)).meta, { kept: true });
    expectOk(await update(id, { meta: metaOf(MEBIBYTE) }));
  });
  it('UI-08 UI-10 forbids without the right', async () => {
    const { id } = await made();
    for (const grants of [[], ['identity.*.read_identity'], [`identity.${id}.update_identity`]]) {
      expectForbidden(await update(id, { meta: {} }, await world.callerWith(...grants)));
    }
    for (const grant of ['identity.*.update_identity', urn('update_identity')]) {
      expectOk(await update(id, { meta: { by: grant } }, await world.callerWith(grant)));
    }
  });
  it('UI-09 UI-12 finds none that is unknown, deleted or foreign', async () => {
    const { id, externalId } = await made();
    const { caller } = await world.otherWorkspace();
    expectNotFound(await update('nobody', { meta: {} }), 'identity');
    expectNotFound(await update(id, { meta: {} }, caller), 'identity');
    expectNotFound(await update(externalId, { meta: {} }, caller), 'identity');
    expectOk(await remove(id));
    expectNotFound(await update(id, { meta: {} }), 'identity');
  });
  it('UI-11 keeps what is absent', async () => {
    const { id } = await made({ meta: META, ratelimits: [limit('kept')] });
    const whole = expectOk(await get(id));
    assert.deepEqual(expectOk(await update(id, {})), whole);
    assert.deepEqual(expectOk(await update(id, { meta: { a: 1 } })).ratelimits, whole.ratelimits);
    assert.deepEqual(expectOk(await update(id, { ratelimits: [] })).meta, { a: 1 });
  });
  it('8.2 is an event of what changed, and none when nothing did', async () => {
    const { id } = await made({ meta: { a: 1 }, ratelimits: [limit('same')] });
    expectOk(await update(id, { meta: { a: 1 }, ratelimits: [limit('same')] }));
    expectOk(await update(id, { meta: { a: 2 }, ratelimits: [limit('same')] }));
    const [, event, ...more] = await eventsOf(id);
    assert.deepEqual(more, []);
    assert.equal(event.type, 'IdentityUpdated');
    assert.deepEqual(members(event.payload), ['identityId', 'metaJson']);
  });
});

describe('identities.deleteIdentity', () => {
  it('DI-01 E2E-01 answers only meta, and the identity is gone', async () => {
    const { id, externalId } = await made();
    const answer = await remove(externalId);
    expectOk(answer);
    assert.deepEqual(members(answer.body), ['meta']);
    for (const name of [id, externalId]) expectNotFound(await get(name), 'identity');
  });
  it('DI-02 DI-11 XX-05 is gone from verifications and reads of its keys at once', async () => {
    const { id, externalId } = await made({ ratelimits: [limit('requests', { autoApply: true })] });
    const { keyId, key, apiId } = await world.key({ externalId });
    const before_ = expectCode(await world.verify(key), 'VALID');
    assert.equal(before_.identity.id, id);
    assert.equal(before_.ratelimits.length, 1);
    expectOk(await remove(id));
    const verified = expectCode(await world.verify(key), 'VALID');
    assert.ok(!('identity' in verified) && !('ratelimits' in verified), JSON.stringify(verified));
    expectError(await world.verify(key, { ratelimits: [{ name: 'requests' }] }), 412, 'unkey/application/precondition_failed');
    const whoami = await world.admin.ok('keys.whoami', { key });
    for (const view of [await world.get(keyId), whoami, expectOk(await world.listKeys(apiId))[0]]) assert.ok(!('identity' in view));
    assert.deepEqual(expectOk(await world.listKeys(apiId, { externalId })), []);
  });
  it('DI-03 DI-07 DI-09 forbids without the right', async () => {
    const { id } = await made();
    for (const grants of [[], ['identity.*.read_identity'], ['identity.*.create_identity'], ['identity.*.update_identity'],
      ['api.*.delete_key'], ['identity.*.DELETE_IDENTITY'], ['Identity.*.delete_identity'], [`identity.${id}.delete_identity`]]) {
      expectForbidden(await remove(id, await world.callerWith(...grants)));
    }
    expectOk(await remove(id, await world.callerWith('identity.*.delete_identity')));
    expectOk(await remove((await made()).id, await world.callerWith(urn('delete_identity'))));
  });
  it('DI-04 is one event after that which tells its ratelimits', async () => {
    const { id } = await made({ ratelimits: [limit('one'), limit('two')] });
    const answer = await remove(id);
    const [created, deleted, ...more] = await eventsOf(id);
    assert.deepEqual(more, []);
    assert.equal(created.payload.ratelimits.length, 2);
    assert.equal(deleted.type, 'IdentityDeleted');
    assert.equal(deleted.payload.identityId, id);
    assert.equal(deleted.requestId, answer.body.meta.requestId);
  });
  it('DI-05 DI-12 frees the externalId, for a new id that has none of the old keys, any number of times', async () => {
    const externalId = unique('again');
    const apiId = await world.api();
    const seen = new Set();
    const keys = [];
    for (let round = 0; round < 5; round += 1) {
      const { id } = await made({ externalId, ratelimits: [limit('requests')] });
      assert.ok(!seen.has(id));
      seen.add(id);
      for (const { keyId, key } of keys) {
        assert.ok(!('identity' in await world.get(keyId)));
        assert.ok(!('identity' in expectCode(await world.verify(key), 'VALID')));
      }
      keys.push(await world.key({ apiId, externalId }));
      const mine = expectOk(await world.listKeys(apiId, { externalId }));
      assert.deepEqual(mine.map((row) => row.keyId), [keys.at(-1).keyId]);
      expectOk(await remove(round % 2 === 0 ? externalId : id));
    }
    const late = await world.key({ apiId, externalId });
    assert.ok(!seen.has((await world.get(late.keyId)).identity.id));
  });
  it('DI-05 lets one of many parallel deletions win', async () => {
    const { id, externalId } = await made();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => remove(i % 2 === 0 ? id : externalId)));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(19).fill(404)]);
  });
  it('DI-06 does not find odd names', async () => {
    expectInvalid(await world.admin.call('identities.deleteIdentity', {}), '/required');
    expectInvalid(await remove(''), '/properties/identity/minLength');
    for (const name of ['!@#$%^&*()', '../..', ' ', 'n'.repeat(1200), `a\u0000${'b'.repeat(2000)}\u0000`, 'e/x', '\u0000']) {
      expectNotFound(await remove(name), 'identity');
    }
  });
  it('DI-08 finds none that is unknown, foreign or deleted already', async () => {
    const { id } = await made();
    const { caller } = await world.otherWorkspace();
    expectNotFound(await remove('nobody'), 'identity');
    expectNotFound(await remove(id, caller), 'identity');
    expectOk(await remove(id));
    expectNotFound(await remove(id), 'identity');
  });
  it('DI-10 does not know a customer key or an odd token', async () => {
    const { id } = await made();
    const { caller } = await world.otherWorkspace();
    const { key } = await world.key({ permissions: ['identity.*.delete_identity'] }, caller);
    for (const token of [key, 'odd', 'sk_live_1', '{}']) {
      expectError(await remove(id, new Caller(world.client, token)), 401, 'unkey/authentication/key_not_found');
    }
    expectOk(await get(id));
  });
});

describe('identities of keys', () => {
  it('4.5 4.6 shows the ratelimits of an identity that its key does not have itself', async () => {
    const own = limit('tokens', { limit: 1 });
    const { id, externalId } = await made({ meta: META, ratelimits: [limit('requests'), limit('tokens')] });
    const { keyId, key, apiId } = await world.key({ externalId, ratelimits: [own] });
    const views = [await world.get(keyId), await world.admin.ok('keys.whoami', { key }), expectOk(await world.listKeys(apiId))[0]];
    for (const view of views) {
      assert.equal(view.identity.id, id);
      assert.deepEqual(view.identity.meta, META);
      assert.deepEqual(withoutIds(view.identity.ratelimits), [limit('requests')]);
      assert.deepEqual(withoutIds(view.ratelimits), [own]);
    }
    await world.update(keyId, { ratelimits: [] });
    assert.equal((await world.get(keyId)).identity.ratelimits.length, 2);
  });
  it('XX-07 no longer finds a named limit that an update took away', async () => {
    const { id, externalId } = await made({ ratelimits: [limit('requests')] });
    const { key } = await world.key({ externalId });
    const ratelimits = [{ name: 'requests' }];
    expectCode(await world.verify(key, { ratelimits }), 'VALID');
    expectOk(await update(id, { ratelimits: [] }));
    expectError(await world.verify(key, { ratelimits }), 412, 'unkey/application/precondition_failed', 'Precondition Failed');
  });
  it('E2E-02 shows a change to all keys of the identity at once', async () => {
    const { id, externalId } = await made();
    const keys = await Promise.all([world.key({ externalId }), world.key({ externalId })]);
    expectOk(await update(id, { meta: { plan: 'pro' } }));
    for (const { keyId, key } of keys) {
      assert.deepEqual((await world.get(keyId)).identity.meta, { plan: 'pro' });
      assert.deepEqual(expectCode(await world.verify(key), 'VALID').identity.meta, { plan: 'pro' });
    }
  });
});
