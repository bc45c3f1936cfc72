// keys.verifyKey with rate limits (VR-*, VK-28, VK-29, VK-31). Windows are of a day, so that none ends in a test.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectCode, expectError, expectInvalid } from './lib/expect.mjs';
import { World } from './lib/world.mjs';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** A stored limit of a day. */
const limit = (name, most, more = {}) => ({ name, limit: most, duration: DAY_MS, autoApply: false, ...more });
const auto = (name, most, more = {}) => limit(name, most, { autoApply: true, ...more });

const ask = (key, ...ratelimits) => world.verify(key, ratelimits.length > 0 ? { ratelimits } : {});
const expectMissing = (answer) => expectError(answer, 412, 'unkey/application/precondition_failed', 'Precondition Failed');

/** The limits of an answer by name. */
const byName = (data) => Object.fromEntries(data.ratelimits.map((one) => [one.name, one]));
const remaining = (data) => data.ratelimits.map((one) => one.remaining);

describe('keys.verifyKey with rate limits of the key', () => {
  it('VR-01 VR-11 VR-16 applies a limit by itself', async () => {
    const { key } = await world.key({ ratelimits: [auto('requests', 1)] });
    const first = expectCode(await ask(key), 'VALID');
    assert.deepEqual(remaining(first), [0]);
    const second = expectCode(await ask(key), 'RATE_LIMITED');
    assert.equal(second.ratelimits[0].exceeded, true);
    assert.equal(second.ratelimits[0].remaining, 0);
  });
  it('VR-02 applies a limit by name, and ignores it unnamed', async () => {
    const { key } = await world.key({ ratelimits: [limit('requests', 1)] });
    for (let i = 0; i < 3; i += 1) assert.ok(!('ratelimits' in expectCode(await ask(key), 'VALID')));
    expectCode(await ask(key, { name: 'requests' }), 'VALID');
    expectCode(await ask(key, { name: 'requests' }), 'RATE_LIMITED');
    expectCode(await ask(key), 'VALID');
  });
  it('VR-03 applies a limit of the request', async () => {
    const { key } = await world.key();
    const own = { name: 'own', limit: 20, duration: DAY_MS, cost: 15 };
    expectCode(await ask(key, own), 'VALID');
    expectCode(await ask(key, own), 'RATE_LIMITED');
  });
  it('VR-05 VR-22 refuses a name that is stored nowhere, without identity', async () => {
    const { keyId, key } = await world.key({ ratelimits: [limit('other', 1)] });
    for (const more of [{}, { cost: 2 }, { limit: 5 }, { duration: DAY_MS }]) {
      const { detail } = expectMissing(await ask(key, { name: 'nowhere', ...more }));
      assert.ok(detail.includes('nowhere') && detail.includes(keyId) && !detail.includes('identity'), detail);
    }
    expectCode(await ask(key, { name: 'nowhere', limit: 5, duration: DAY_MS }), 'VALID');
  });
  it('VR-06 passes only what passes all limits', async () => {
    const ratelimits = [limit('big', 10, { duration: 10_000 + DAY_MS }), limit('small', 1)];
    const { key } = await world.key({ ratelimits });
    expectCode(await ask(key, { name: 'big', cost: 4 }, { name: 'small', cost: 1 }), 'VALID');
    const other = await world.key({ ratelimits });
    expectCode(await ask(other.key, { name: 'big', cost: 4 }, { name: 'small', cost: 2 }), 'RATE_LIMITED');
  });
  it('VR-13 charges no limit when another is exceeded', async () => {
    const { key } = await world.key({ ratelimits: [auto('month', 200, { duration: 30 * DAY_MS }), auto('minute', 12)] });
    for (let i = 0; i < 12; i += 1) expectCode(await ask(key), 'VALID');
    const { minute, month } = byName(expectCode(await ask(key), 'RATE_LIMITED'));
    assert.equal(minute.exceeded, true);
    assert.equal(month.exceeded, false);
    assert.equal(month.remaining, 188);
  });
  it('VR-14 admits exactly the longer limit over many windows of the shorter', async () => {
    const { key } = await world.key({ ratelimits: [auto('month', 50, { duration: 30 * DAY_MS })] });
    let valid = 0;
    for (let minute = 0; minute < 12; minute += 1) {
      // Another duration is another window of the same name: as if a minute had passed.
      const entry = { name: 'minute', limit: 5, duration: DAY_MS + minute };
      for (let call = 0; call < 7; call += 1) {
        const answer = await ask(key, entry);
        if (answer.data.valid) valid += 1;
        else if (minute < 10) assert.equal(byName(expectCode(answer, 'RATE_LIMITED')).minute.exceeded, true);
        else assert.equal(byName(expectCode(answer, 'RATE_LIMITED')).month.exceeded, true);
      }
    }
    assert.equal(valid, 50);
  });
  it('VR-15 tells all of a limit that was applied', async () => {
    const { keyId, key } = await world.key({ ratelimits: [auto('requests', 5, { duration: MINUTE_MS })] });
    const asked = Date.now();
    const { ratelimits: [{ id, reset, ...told }] } = expectCode(await ask(key), 'VALID');
    assert.deepEqual(told, {
      name: 'requests', limit: 5, duration: MINUTE_MS, autoApply: true, exceeded: false, remaining: 4,
    });
    assert.equal(id, (await world.get(keyId)).ratelimits[0].id);
    assert.equal(reset % MINUTE_MS, 0);
    assert.ok(reset > asked);
  });
  it('VR-17 tells what is left of a limit of the request', async () => {
    const { key } = await world.key();
    const { ratelimits: [own] } = expectCode(await ask(key, { name: 'own', limit: 10, duration: DAY_MS, cost: 3 }), 'VALID');
    assert.deepEqual([own.id, own.remaining, own.autoApply, own.exceeded], ['', 7, false, false]);
  });
  it('VR-18 counts a fast and a slow limit together', async () => {
    const { key } = await world.key({ ratelimits: [auto('fast', 3), auto('slow', 10, { duration: 10 * DAY_MS })] });
    for (const left of [[2, 9], [1, 8], [0, 7]]) assert.deepEqual(remaining(expectCode(await ask(key), 'VALID')), left);
    const denied = expectCode(await ask(key), 'RATE_LIMITED');
    assert.deepEqual(remaining(denied), [0, 7]);
    assert.deepEqual(denied.ratelimits.map((one) => one.exceeded), [true, false]);
  });
  it('VR-20 charges nothing when it denies', async () => {
    const { key } = await world.key({ ratelimits: [limit('requests', 2)] });
    expectCode(await ask(key, { name: 'requests' }), 'VALID');
    const denied = expectCode(await ask(key, { name: 'requests', cost: 5 }), 'RATE_LIMITED');
    assert.deepEqual([denied.ratelimits[0].exceeded, denied.ratelimits[0].remaining], [true, 0]);
    assert.deepEqual(remaining(expectCode(await ask(key, { name: 'requests', cost: 0 }), 'VALID')), [1]);
  });
  it('VR-21 lets a limit of the request take the place of a stored one', async () => {
    const { key } = await world.key({ ratelimits: [auto('requests', 5)] });
    assert.deepEqual(remaining(expectCode(await ask(key), 'VALID')), [4]);
    const own = { name: 'requests', limit: 3, duration: 2 * DAY_MS };
    const { ratelimits: [applied, ...more] } = expectCode(await ask(key, own), 'VALID');
    assert.equal(more.length, 0);
    assert.deepEqual([applied.id, applied.autoApply, applied.remaining], ['', false, 2]);
    assert.deepEqual(remaining(expectCode(await ask(key), 'VALID')), [3]);
  });
  it('VK-28 VK-29 charges limits in the order of the checks', async () => {
    const { keyId, key } = await world.key({ credits: { remaining: 2 }, ratelimits: [auto('requests', 3)] });
    expectCode(await world.verify(key, { permissions: 'not.held' }), 'INSUFFICIENT_PERMISSIONS');
    assert.deepEqual(remaining(expectCode(await ask(key), 'VALID')), [2]);
    const exceeded = expectCode(await world.verify(key, { credits: { cost: 2 } }), 'USAGE_EXCEEDED');
    assert.deepEqual(remaining(exceeded), [1]);
    assert.equal(exceeded.credits, 1);
    expectCode(await world.verify(key, { ratelimits: [{ name: 'requests', cost: 2 }] }), 'RATE_LIMITED');
    assert.equal((await world.get(keyId)).credits.remaining, 1);
  });
  it('VK-31 shows the live balance when it is rate-limited', async () => {
    const { key } = await world.key({ credits: { remaining: 100 }, ratelimits: [auto('requests', 3)] });
    for (const left of [99, 98, 97]) assert.equal(expectCode(await ask(key), 'VALID').credits, left);
    assert.equal(expectCode(await ask(key), 'RATE_LIMITED').credits, 97);
  });
  it('VK-21 4.5 refuses numbers that no limit can have, and more than a hundred entries', async () => {
    const { key } = await world.key();
    for (const [entry, location] of [
      [{ name: 'own', cost: -1 }, '/minimum'], [{ name: 'own', limit: 0, duration: DAY_MS }, '/minimum'],
      [{ name: 'own', limit: 1, duration: 999 }, '/minimum'], [{ name: 'ow' }, '/minLength'],
      [{ name: 'own', limit: '1' }, '/type'], [{ name: 'own', cost: 0.5 }, '/type'],
    ]) {
      expectInvalid(await ask(key, entry), location);
    }
    const many = Array.from({ length: 101 }, (_, i) => ({ name: `own${i}`, limit: 1, duration: DAY_MS }));
    expectInvalid(await ask(key, ...many), '/properties/ratelimits/maxItems');
    expectCode(await ask(key, ...many.slice(1)), 'VALID');
  });
  it('4.5 counts exactly under many calls at once', async () => {
    const { key } = await world.key({ ratelimits: [auto('requests', 20)] });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(key)));
    assert.equal(answers.filter((answer) => answer.data.code === 'VALID').length, 20);
    assert.equal(answers.filter((answer) => answer.data.code === 'RATE_LIMITED').length, 40);
  });
  it('4.5 keeps counting after a restart', async () => {
    const other = await World.start();
    const { key } = await other.key({ ratelimits: [auto('requests', 2)] });
    for (let i = 0; i < 2; i += 1) expectCode(await other.verify(key), 'VALID');
    const { data, rootKey } = other.server;
    await other.server.stop();
    other.client.close();
    const again = await World.start({ data });
    again.admin.rootKey = rootKey;
    try {
      expectCode(await again.verify(key), 'RATE_LIMITED');
    } finally {
      await again.stop();
    }
  });
});
