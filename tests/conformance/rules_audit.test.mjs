// What the log tells of every mutation: who, from where, by which request, and what changed; and nothing of no-ops.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventsTail } from './lib/cli.mjs';
import { unique, World } from './lib/world.mjs';

let world;
before(async () => { world = await World.start(); });
after(() => world.stop());

/** The events that `act` caused, in the order of their partition; CommandRecorded aside. */
async function eventsOf(act) {
  const before = new Set((await eventsTail(world.server)).map((event) => event.eventId));
  const result = await act();
  const events = (await eventsTail(world.server)).filter((event) => !before.has(event.eventId));
  return { events: events.filter((event) => event.type !== 'CommandRecorded'), result };
}
const types = (events) => events.map((event) => event.type);

/** Asserts which events a call causes. */
async function expectEvents(operation, body, expected) {
  const { events, result } = await eventsOf(() => world.admin.ok(operation, body));
  assert.deepEqual(types(events).sort(), [...expected].sort(), operation);
  return { events, result };
}

describe('audit', () => {
  it('8.1 tells who, from where, and by which request', async () => {
    const { events: [event], result } = await eventsOf(async () => world.admin.call('apis.createApi', { name: unique('audited') },
      { 'User-Agent': 'audit/1', 'X-Forwarded-For': '203.0.113.9:4711, 10.0.0.1', 'X-Request-Id': 'client-7' }));
    assert.equal(event.type, 'ApiCreated');
    assert.equal(event.workspaceId, world.workspaceId);
    assert.equal(event.principal.type, 'ROOT_KEY');
    assert.equal(event.principal.name, 'bootstrap');
    assert.match(event.principal.id, /^rk_/);
    assert.equal(event.requestId, result.body.meta.requestId);
    assert.equal(event.causationId, 'client-7');
    assert.equal(event.remoteIp, '203.0.113.9');
    assert.equal(event.userAgent, 'audit/1');
    assert.ok(Math.abs(Number(event.timeMs) - Date.now()) < 60_000, `time ${event.timeMs}`);
  });

  it('CA-06 DA-01 makes an API with its keyspace', async () => {
    const { result: { apiId } } = await expectEvents('apis.createApi', { name: unique('api') }, ['ApiCreated', 'KeyspaceCreated']);
    await expectEvents('apis.deleteApi', { apiId }, ['ApiDeleted']);
  });

  it('CK-27 puts everything that a key brings along into one batch', async () => {
    const apiId = await world.api();
    const [slug, externalId] = [unique('slug'), unique('user')];
    const { events } = await expectEvents('keys.createKey', { apiId, externalId, permissions: [slug] },
      ['IdentityCreated', 'PermissionCreated', 'KeyCreated']);
    assert.deepEqual(new Set(events.map((event) => event.requestId)).size, 1);
    assert.deepEqual(events.map((event) => event.sequence - events[0].sequence), [0, 1, 2]);
    const key = events.find((event) => event.type === 'KeyCreated').payload;
    assert.equal(key.permissionIds.length, 1);
    assert.ok(!JSON.stringify(events).includes('"key":"'), 'no secret');
  });

  it('UK-22 UK-24 UK-30 tells what an update changed, and what it created on the way', async () => {
    const { keyId } = await world.key();
    const slug = unique('slug');
    const { events } = await expectEvents('keys.updateKey', { keyId, name: 'renamed', permissions: [slug] },
      ['PermissionCreated', 'KeyUpdated']);
    const updated = events.at(-1).payload;
    assert.equal(updated.name.value, 'renamed');
    assert.equal(updated.enabled, undefined);
    assert.equal(events[0].payload.description ?? '', '');
  });

  it('DK-07 tells in which way a key was deleted', async () => {
    for (const permanent of [false, true]) {
      const { keyId } = await world.key();
      const { events: [event] } = await expectEvents('keys.deleteKey', { keyId, permanent }, ['KeyDeleted']);
      assert.equal(event.payload.permanent ?? false, permanent);
      assert.equal(event.streamId, keyId);
    }
  });

  it('XX-11 tells of each mutation once and of no repeat that changes nothing', async () => {
    const [slug, role, identifier] = [unique('slug'), unique('role'), unique('identifier')];
    const { keyId } = await world.key();
    await expectEvents('permissions.createPermission', { name: slug, slug }, ['PermissionCreated']);
    const { result: { roleId } } = await expectEvents('permissions.createRole', { name: role }, ['RoleCreated']);
    const twice = async (operation, body, type) => {
      await expectEvents(operation, body, [type]);
      await expectEvents(operation, body, []);
    };
    await twice('keys.addPermissions', { keyId, permissions: [slug] }, 'KeyPermissionsChanged');
    await twice('keys.removePermissions', { keyId, permissions: [slug] }, 'KeyPermissionsChanged');
    await twice('keys.setPermissions', { keyId, permissions: [slug] }, 'KeyPermissionsChanged');
    await twice('keys.addRoles', { keyId, roles: [role] }, 'KeyRolesChanged');
    await twice('keys.removeRoles', { keyId, roles: [role] }, 'KeyRolesChanged');
    await twice('keys.setRoles', { keyId, roles: [role] }, 'KeyRolesChanged');
    await twice('permissions.setRolePermissions', { roleId, permissions: [slug] }, 'RolePermissionsChanged');
    const namespace = unique('namespace');
    await expectEvents('ratelimit.limit', { namespace, identifier, limit: 1, duration: 1000 }, ['RatelimitNamespaceCreated']);
    await expectEvents('ratelimit.limit', { namespace, identifier, limit: 1, duration: 1000 }, []);
    await expectEvents('ratelimit.setOverride', { namespace, identifier, limit: 2, duration: 1000 }, ['RatelimitOverrideSet']);
    await expectEvents('ratelimit.deleteOverride', { namespace, identifier }, ['RatelimitOverrideDeleted']);
    const externalId = unique('user');
    await expectEvents('identities.createIdentity', { externalId }, ['IdentityCreated']);
    await expectEvents('identities.updateIdentity', { identity: externalId, meta: { a: 1 } }, ['IdentityUpdated']);
    await expectEvents('identities.deleteIdentity', { identity: externalId }, ['IdentityDeleted']);
    await expectEvents('keys.rerollKey', { keyId, expiration: 0 }, ['KeyCreated', 'KeyRerolled']);
    await expectEvents('permissions.deleteRole', { role: roleId }, ['RoleDeleted']);
    await expectEvents('permissions.deletePermission', { permission: slug }, ['PermissionDeleted']);
  });

  it('XX-12 lets a client repeat what it got no answer to', async () => {
    const apiId = await world.api();
    const headers = { 'Idempotency-Key': unique('repeat') };
    const { events } = await eventsOf(async () => {
      const first = await world.admin.ok('keys.createKey', { apiId }, headers);
      assert.deepEqual(await world.admin.ok('keys.createKey', { apiId }, headers), first);
      await world.admin.ok('keys.createKey', { apiId });
    });
    assert.deepEqual(types(events), ['KeyCreated', 'KeyCreated']);
  });
});

describe('under load, on one node', () => {
  /** Sends `count` requests, 64 at a time; answers what `send` answered. */
  async function inParallel(count, send) {
    const answers = [];
    let next = 0;
    await Promise.all(Array.from({ length: 64 }, async () => {
      while (next < count) {
        next += 1;
        answers.push(await send());
      }
    }));
    return answers;
  }

  for (const [credits, cost] of [[10, 1], [100, 3], [1000, 20]]) {
    it(`E2E-09 spends ${credits} credits by ${cost} exactly`, async () => {
      const { key, keyId } = await world.key({ credits: { remaining: credits } });
      const offered = Math.ceil((3 * credits) / cost);
      const answers = await inParallel(offered, () => world.verify(key, { credits: { cost } }));
      const spent = answers.filter((answer) => answer.data.valid).length;
      assert.equal(spent, Math.floor(credits / cost));
      assert.equal((await world.get(keyId)).credits.remaining, credits - spent * cost);
    });
  }

  it('E2E-10 admits exactly the limit of a window', async () => {
    for (const limit of [10, 500]) {
      const body = { namespace: unique('load'), identifier: 'one', limit, duration: 2_592_000_000 };
      const answers = await inParallel(2 * limit, () => world.admin.ok('ratelimit.limit', body));
      assert.equal(answers.filter((answer) => answer.success).length, limit);
    }
  });
});
