// keys.verifyKey and identities: their rate limits (VR-*), and what changes of them do (XX-05, XX-07).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

const DAY_MS = 86_400_000;

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** A stored limit of a day, so that no window ends in a test. */
const limit = (name, most, more = {}) => ({ name, limit: most, duration: DAY_MS, autoApply: false, ...more });
const auto = (name, most) => limit(name, most, { autoApply: true });

/** An identity with those limits: its externalId. */
async function identity(...ratelimits) {
  const externalId = unique('customer');
  await world.admin.ok('identities.createIdentity', { externalId, ratelimits });
  return externalId;
}

const ask = (key, ...ratelimits) => world.verify(key, ratelimits.length > 0 ? { ratelimits } : {});
const expectMissing = (answer) => expectError(answer, 412, 'unkey/application/precondition_failed', 'Precondition Failed');
const remaining = (data) => data.ratelimits.map((one) => one.remaining);

describe('keys.verifyKey with rate limits of the identity', () => {
  it('VR-04 VR-12 applies them by name with a cost', async () => {
    const externalId = await identity(limit('tokens', 10));
    const { key } = await world.key({ externalId });
    for (const [cost, code] of [[4, 'VALID'], [6, 'VALID'], [1, 'RATE_LIMITED']]) {
      expectCode(await ask(key, { name: 'tokens', cost }), code);
    }
    const small = await world.key({ externalId: await identity(limit('tokens', 5)) });
    expectCode(await ask(small.key, { name: 'tokens', cost: 4 }), 'VALID');
    expectCode(await ask(small.key, { name: 'tokens', cost: 4 }), 'RATE_LIMITED');
  });
  it('VR-05 names key and identity when a name is stored with neither', async () => {
    const { keyId, key } = await world.key({ externalId: await identity(limit('tokens', 10)) });
    const { identity: { id } } = await world.get(keyId);
    for (const more of [{}, { limit: 5 }, { duration: DAY_MS }]) {
      const { detail } = expectMissing(await ask(key, { name: 'nowhere', ...more }));
      for (const named of ['nowhere', keyId, id]) assert.ok(detail.includes(named), detail);
    }
  });
  it('VR-07 VR-08 applies the one of the key where both have the name', async () => {
    const generous = await world.key({ externalId: await identity(auto('both', 1)), ratelimits: [auto('both', 4)] });
    for (let i = 0; i < 3; i += 1) {
      const data = expectCode(await ask(generous.key), 'VALID');
      assert.equal(data.ratelimits.length, 1);
      assert.ok(!('ratelimits' in data.identity));
    }
    const strict = await world.key({ externalId: await identity(auto('both', 10)), ratelimits: [auto('both', 1)] });
    expectCode(await ask(strict.key), 'VALID');
    expectCode(await ask(strict.key), 'RATE_LIMITED');
  });
  it('VR-09 applies limits of both together', async () => {
    const { key } = await world.key({ externalId: await identity(limit('second', 2)), ratelimits: [limit('first', 4)] });
    const both = [{ name: 'first' }, { name: 'second' }];
    for (const left of [[3, 1], [2, 0]]) assert.deepEqual(remaining(expectCode(await ask(key, ...both), 'VALID')), left);
    expectCode(await ask(key, ...both), 'RATE_LIMITED');
  });
  it('VR-10 counts all keys of an identity together', async () => {
    const externalId = await identity(auto('shared', 5));
    const [a, b] = [await world.key({ externalId }), await world.key({ externalId })];
    for (let i = 0; i < 3; i += 1) expectCode(await ask(a.key), 'VALID');
    for (let i = 0; i < 2; i += 1) expectCode(await ask(b.key), 'VALID');
    for (const { key } of [a, b]) expectCode(await ask(key), 'RATE_LIMITED');
  });
  it('VR-19 counts two limits apart from each other', async () => {
    const { key } = await world.key({ externalId: await identity(auto('one', 5), auto('two', 5)) });
    for (const left of [4, 3, 2, 1, 0]) assert.deepEqual(remaining(expectCode(await ask(key), 'VALID')), [left, left]);
    const denied = expectCode(await ask(key), 'RATE_LIMITED');
    assert.deepEqual(denied.ratelimits.map((one) => one.exceeded), [true, true]);
  });
  it('4.5 lists the limits of the identity that can apply', async () => {
    const externalId = await identity(auto('both', 9), limit('its.own', 8));
    const { keyId, key } = await world.key({ externalId, ratelimits: [limit('both', 7)] });
    const { identity: shown } = expectCode(await ask(key), 'VALID');
    assert.deepEqual(shown.ratelimits.map(({ id, ...rest }) => rest), [limit('its.own', 8)]);
    assert.match(shown.ratelimits[0].id, /^rl_/);
    await world.update(keyId, { ratelimits: [] });
    const after = expectCode(await ask(key), 'VALID');
    assert.deepEqual(after.identity.ratelimits.map((one) => one.name), ['both', 'its.own']);
    assert.deepEqual(remaining(after), [8]);
  });
});

describe('keys.verifyKey when an identity changes', () => {
  it('XX-05 shows no deleted identity and applies none of its limits', async () => {
    const externalId = await identity(auto('requests', 1));
    const { key } = await world.key({ externalId });
    expectCode(await ask(key), 'VALID');
    expectCode(await ask(key), 'RATE_LIMITED');
    await world.admin.call('identities.deleteIdentity', { identity: externalId });
    const data = expectCode(await ask(key), 'VALID');
    assert.ok(!('identity' in data) && !('ratelimits' in data));
  });
  it('XX-07 knows a limit no more that was taken from the identity', async () => {
    const externalId = await identity(limit('requests', 5));
    const { key } = await world.key({ externalId });
    expectCode(await ask(key, { name: 'requests' }), 'VALID');
    await world.admin.ok('identities.updateIdentity', { identity: externalId, ratelimits: [] });
    expectMissing(await ask(key, { name: 'requests' }));
  });
});
