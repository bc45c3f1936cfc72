// Server-Sent Events: what a subscriber sees, and that it misses nothing whatever happens to its connection or the server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Subscriber } from './lib/events.mjs';
import { expectError, expectForbidden, expectInvalid } from './lib/expect.mjs';
import { unique, World } from './lib/world.mjs';

/** A number below `below`, of a generator that a failure's seed repeats. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('events.subscribe', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(() => world.stop());

  const listen = (query, headers, caller = world.admin) => Subscriber.open(world.server.url, caller.rootKey, query, headers);
  const ask = async (query, headers = {}, caller = world.admin) => {
    const path = `/v2/events.subscribe?${new URLSearchParams(query)}`;
    return world.client.request('GET', path, { headers: { Authorization: `Bearer ${caller.rootKey}`, ...headers } });
  };

  it('begins with a comment, and streams each event with its position, type and public form', async () => {
    const subscriber = await listen({ types: 'KeyCreated' });
    assert.equal(subscriber.status, 200);
    assert.equal(subscriber.headers['content-type'], 'text/event-stream');
    assert.equal(subscriber.headers['cache-control'], 'no-store');
    assert.equal(subscriber.headers['x-accel-buffering'], 'no');
    assert.deepEqual(await subscriber.next(), { comment: 'keyfold', retry: '2000' });
    const { keyId } = await world.key({ name: 'streamed' });
    const message = await subscriber.next();
    assert.equal(message.event, 'KeyCreated');
    const event = JSON.parse(message.data);
    assert.equal(event.type, 'KeyCreated');
    assert.equal(event.position, message.id);
    assert.match(message.id, /^\d+:\d+$/);
    assert.equal(event.workspaceId, world.workspaceId);
    assert.deepEqual(event.resource, { kind: 'key', id: keyId });
    assert.ok(!message.data.includes('hash'), 'what was hidden is shown');
    subscriber.close();
  });

  it('shows what changed to whoever reads on being told', async () => {
    const subscriber = await listen({ types: 'ApiCreated' });
    for (let i = 0; i < 20; i += 1) {
      const [event] = await Promise.all([subscriber.event(), world.api()]);
      await world.admin.ok('apis.getApi', { apiId: event.resource.id });
    }
    subscriber.close();
  });

  it('filters by type, kind and id', async () => {
    const first = await world.key();
    const second = await world.key({ apiId: first.apiId });
    await world.update(second.keyId, { name: 'renamed' });
    const subscriber = await listen({ from: 'beginning', types: 'Key*', resourceKind: 'key', resourceId: second.keyId });
    assert.equal((await subscriber.event()).type, 'KeyCreated');
    assert.equal((await subscriber.event()).type, 'KeyUpdated');
    subscriber.close();
  });

  it('begins at a time', async () => {
    await world.api();
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    const time = Date.now();
    const apiId = await world.api();
    for (const from of [String(time), new Date(time).toISOString()]) {
      const subscriber = await listen({ from, types: 'ApiCreated' });
      assert.equal((await subscriber.event()).resource.id, apiId, from);
      subscriber.close();
    }
  });

  it('refuses what it does not understand, and says what was meant', async () => {
    const detail = async (query, headers) => {
      const answer = await ask(query, headers);
      expectInvalid(answer);
      return answer.error.detail;
    };
    assert.match(await detail({ types: 'KeyCrated' }), /Did you mean `KeyCreated`/);
    assert.match(await detail({ type: 'KeyCreated' }), /Did you mean `types`/);
    assert.match(await detail({ from: 'tomorrow' }), /neither `now`/);
    assert.match(await detail({}, { 'Last-Event-ID': '77:1' }), /partition/);
    const subscriber = await listen({ from: 'beginning' });
    await subscriber.event();
    const [partition] = subscriber.lastId.split(':');
    subscriber.close();
    assert.match(await detail({ from: `${partition}:999999999` }), /beyond the end/);
  });

  it('asks for a permission', async () => {
    expectForbidden(await ask({}, {}, await world.callerWith()));
    expectError(await ask({}, { Authorization: 'Bearer unkey_unknown' }), 401, 'unkey/authentication/key_not_found');
    const allowed = await listen({}, {}, await world.callerWith('event.*.read_event'));
    assert.equal(allowed.status, 200);
    allowed.close();
    expectError(await world.client.request('POST', '/v2/events.subscribe', {}), 405, 'urn:keyfold:error:method_not_allowed');
  });

  it('shows nothing of other workspaces', async () => {
    const other = await world.otherWorkspace();
    const subscriber = await listen({ types: 'ApiCreated' });
    for (let i = 0; i < 5; i += 1) await world.api(other.caller);
    const apiId = await world.api();
    assert.equal((await subscriber.event()).resource.id, apiId);
    subscriber.close();
  });

  it('ends when the root key is revoked, and shows nothing that came after', async () => {
    const { rootKey, rootKeyId } = await world.admin.ok('rootKeys.createRootKey', { name: unique('listener'), permissions: ['event.*.read_event'] });
    const subscriber = await listen({ types: 'ApiCreated' }, {}, { rootKey });
    await subscriber.next();
    await world.admin.ok('rootKeys.revokeRootKey', { rootKeyId });
    await world.api();
    assert.match((await subscriber.next()).comment, /root key/);
    assert.equal(await subscriber.next(), null);
  });

  it('counts its subscribers', async () => {
    const subscriber = await listen();
    const metrics = await (await fetch(`${world.server.operatorUrl}/metrics`)).text();
    assert.match(metrics, /^keyfold_subscribers [1-9]/m);
    assert.match(metrics, /^keyfold_subscriptions_ended_total\{reason="not_allowed"\} 1$/m);
    subscriber.close();
  });

  it('gives every event once and in order to who is cut off again and again', async () => {
    const seed = Date.now() >>> 0;
    const random = randomOf(seed);
    const count = 150;
    const made = [];
    let subscriber = await listen({ types: 'ApiCreated' });
    const maker = (async () => {
      for (let i = 0; i < count; i += 1) made.push(await world.api());
    })();
    const seen = [];
    let cutIn = random(10);
    while (seen.length < count) {
      seen.push((await subscriber.event()).resource.id);
      cutIn -= 1;
      if (cutIn >= 0 || seen.length === count) continue;
      cutIn = random(10);
      const { lastId } = subscriber;
      subscriber.close();
      subscriber = await listen({ types: 'ApiCreated' }, random(2) === 0 ? { 'Last-Event-ID': lastId } : {});
      if (subscriber.request.getHeader('Last-Event-ID') !== undefined) continue;
      subscriber.close();
      subscriber = await listen({ types: 'ApiCreated', lastEventId: lastId });
    }
    await maker;
    assert.deepEqual(seen, made, `seed ${seed}`);
    subscriber.close();
  });
});

describe('events.subscribe while the server is killed', () => {
  it('loses and repeats nothing that was acknowledged', async () => {
    let world = await World.start();
    const { data, rootKey } = world.server;
    const made = [];
    const seen = [];
    let lastId;
    try {
      for (let round = 0; round < 4; round += 1) {
        let going = true;
        const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
        const query = { types: 'ApiCreated', from: 'beginning' };
        const subscriber = await Subscriber.open(world.server.url, rootKey, query, headers);
        const reader = (async () => {
          for (let event = await subscriber.event(); event !== null; event = await subscriber.event()) {
            seen.push(event.resource.id);
            lastId = event.position;
          }
        })();
        const caller = world.admin;
        const maker = (async () => {
          while (going) {
            try { made.push((await caller.ok('apis.createApi', { name: unique('api') })).apiId); } catch { going = false; }
          }
        })();
        const target = made.length + 20;
        while (made.length < target) await new Promise((resolve) => { setTimeout(resolve, 5); });
        world.client.close();
        await world.server.stop('SIGKILL');
        await Promise.all([reader, maker]);
        world = await World.start({ data });
        world.admin.rootKey = rootKey;
      }
      const last = await world.api();
      made.push(last);
      const subscriber = await Subscriber.open(world.server.url, rootKey, { types: 'ApiCreated' }, { 'Last-Event-ID': lastId });
      while (seen.at(-1) !== last) seen.push((await subscriber.event()).resource.id);
      subscriber.close();
    } finally {
      await world.stop();
    }
    // What was stored, but never acknowledged, is seen, too.
    const acknowledged = new Set(made);
    assert.deepEqual(seen.filter((id) => acknowledged.has(id)), made);
    assert.equal(new Set(seen).size, seen.length);
  });
  it('ends streams at once when it is stopped', async () => {
    const world = await World.start();
    try {
      const subscriber = await Subscriber.open(world.server.url, world.admin.rootKey, {});
      await subscriber.next();
      const stopped = world.server.stop();
      assert.equal(await subscriber.next(), null);
      assert.equal((await stopped).code, 0);
    } finally {
      await world.stop();
    }
  });
});
