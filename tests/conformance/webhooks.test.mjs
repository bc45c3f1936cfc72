// Webhooks, against a receiver that fails, hangs, redirects and recovers. Signatures are checked by the npm package
// `standardwebhooks`, and by node:crypto where it knows no such signatures.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { expectError, expectForbidden, expectInvalid, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { eventsTail } from './lib/cli.mjs';
import { removeDirectory, startServer, temporaryDirectory } from './lib/server.mjs';
import { Receiver, until, webhookArgs } from './lib/receiver.mjs';
import { World, unique } from './lib/world.mjs';

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');  // of an Ed25519 key, RFC 8410

function verifiesEd25519(publicKey, { headers, body }) {
  const raw = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return headers['webhook-signature'].split(' ').some((entry) =>
    entry.startsWith('v1a,') && verify(null, Buffer.from(text), key, Buffer.from(entry.slice(4), 'base64')));
}

const ids = (deliveries) => deliveries.map((delivery) => delivery.headers['webhook-id']);

describe('webhooks', () => {
  let directory;
  let world;
  let receiver;

  before(async () => {
    directory = temporaryDirectory('webhooks');
    receiver = await Receiver.start();
    world = await World.start({ args: webhookArgs(directory, { redirects_max: 2 }) });
  });
  after(async () => {
    await world.stop();
    await receiver.stop();
    removeDirectory(directory);
  });

  /** A webhook at a path of its own: `{webhookId, secret, path, …}`. */
  async function make(fields = {}, caller = world.admin) {
    const path = `/${unique('hook')}`;
    const made = await caller.ok('webhooks.createWebhook', { url: receiver.url + path, types: ['ApiCreated'], ...fields });
    return { ...made, path };
  }
  const get = (webhookId) => world.admin.ok('webhooks.getWebhook', { webhookId });
  const deliveries = (webhookId, more = {}) => world.admin.ok('webhooks.listDeliveries', { webhookId, ...more });
  const remove = (webhookId) => world.admin.ok('webhooks.deleteWebhook', { webhookId });

  it('sends the public form of an event, signed as Standard Webhooks says', async () => {
    const { webhookId, secret, path } = await make({ headers: { 'X-Mine': 'yes' }, description: 'mine' });
    assert.match(webhookId, /^wh_[A-Za-z0-9]+$/);
    assert.match(secret, /^whsec_/);
    const apiId = await world.api();
    const [delivery] = await receiver.expect(path, 1);
    assert.equal(delivery.method, 'POST');
    assert.equal(delivery.headers['content-type'], 'application/json');
    assert.equal(delivery.headers['x-mine'], 'yes');
    assert.match(delivery.headers['user-agent'], /^keyfold\/\d/);
    const event = new Webhook(secret).verify(delivery.body, delivery.headers);
    assert.equal(event.id, delivery.headers['webhook-id']);
    assert.equal(event.type, 'ApiCreated');
    assert.equal(event.workspaceId, world.workspaceId);
    assert.equal(event.data.apiId, apiId);
    assert.throws(() => new Webhook(secret).verify(`${delivery.body} `, delivery.headers));
    const shown = await until(async () => {
      const webhook = await get(webhookId);
      return webhook.lastSuccessAt && webhook;
    }, 'a success on record');
    assert.deepEqual(shown.headers, ['X-Mine']);
    assert.equal(shown.description, 'mine');
    assert.equal(JSON.stringify(shown).includes(secret.slice(6)), false);
    const [listed] = await deliveries(webhookId);
    assert.equal(listed.status, 'delivered');
    assert.equal(listed.eventId, event.id);
    assert.equal(listed.httpStatus, 204);
    await remove(webhookId);
  });

  it('keeps secrets and header values out of the log', async () => {
    const { webhookId, secret } = await make({ headers: { Authorization: 'Bearer very-secret-token' } });
    const text = JSON.stringify(await eventsTail(world.server));
    assert.ok(text.includes(webhookId));
    assert.equal(text.includes(secret.slice(6)), false);
    assert.equal(text.includes('very-secret-token'), false);
    await remove(webhookId);
  });

  it('signs by Ed25519 when asked', async () => {
    const { webhookId, publicKey, secret, path } = await make({ signature: 'ed25519' });
    assert.equal(secret, undefined);
    assert.equal((await get(webhookId)).publicKey, publicKey);
    await world.api();
    const [delivery] = await receiver.expect(path, 1);
    assert.ok(verifiesEd25519(publicKey, delivery));
    assert.equal(verifiesEd25519(publicKey, { ...delivery, body: '{}' }), false);
    await remove(webhookId);
  });

  it('signs by both secrets while a rotation overlaps', async () => {
    const { webhookId, secret: first, path } = await make();
    const { secret: second } = await world.admin.ok('webhooks.rotateSecret', { webhookId, overlap: 60_000 });
    assert.notEqual(second, first);
    await world.api();
    const [both] = await receiver.expect(path, 1);
    new Webhook(first).verify(both.body, both.headers);
    new Webhook(second).verify(both.body, both.headers);
    const { secret: third } = await world.admin.ok('webhooks.rotateSecret', { webhookId, overlap: 0 });
    await world.api();
    const [, alone] = await receiver.expect(path, 2);
    new Webhook(third).verify(alone.body, alone.headers);
    assert.throws(() => new Webhook(second).verify(alone.body, alone.headers));
    await remove(webhookId);
  });

  it('tries again until the receiver recovers, under the same id', async () => {
    const { webhookId, path } = await make();
    let failures = 2;
    receiver.respond = (request, response) => {
      if (request.url === path && failures > 0) {
        failures -= 1;
        response.writeHead(500).end('on <fire>');
        return;
      }
      response.writeHead(200).end();
    };
    await world.api();
    const tries = await receiver.expect(path, 3);
    assert.equal(new Set(ids(tries)).size, 1);
    const [listed] = await until(async () => {
      const all = await deliveries(webhookId, { status: 'delivered' });
      return all.length > 0 && all;
    }, 'delivered on record');
    assert.equal(listed.attempts, 3);
    await remove(webhookId);
  });

  it('keeps the order of a resource while one of its events is tried again, and lets others go on', async () => {
    const { webhookId, path } = await make({ types: ['Key*'], resourceKind: 'key' });
    let isFailing = true;
    let slow;
    receiver.respond = (request, response, delivery) => {
      const fails = request.url === path && isFailing && delivery.event.resource.id === slow;
      response.writeHead(fails ? 500 : 200).end();
    };
    const apiId = await world.api();
    const { keyId } = await world.key({ apiId });
    slow = keyId;
    await world.update(keyId, { name: 'a' });
    await world.update(keyId, { name: 'b' });
    const { keyId: other } = await world.key({ apiId });
    await until(() => receiver.at(path).some(({ event }) => event.resource.id === other), 'the other key goes on');
    isFailing = false;
    await until(() => receiver.at(path).some(({ event }) => event.data.name === 'b'), 'the last change');
    const seen = [];
    for (const { event } of receiver.at(path).filter((delivery) => delivery.event.resource.id === keyId)) {
      if (seen.at(-1) !== event.id) seen.push(event.id);
    }
    assert.ok(seen.length === new Set(seen).size, 'no event came back after a later one');
    assert.ok(seen.length >= 2);
    receiver.answer(204);
    await remove(webhookId);
  });

  it('keeps what failed for good, and sends it again when asked', async () => {
    const { webhookId, path } = await make();
    receiver.answer(500, {}, 'broken');
    const since = Date.now() - 1_000;
    await world.api();
    await world.api();
    await until(async () => (await get(webhookId)).failed === 2, 'two dead letters');
    const failed = await deliveries(webhookId, { status: 'failed', limit: 1 });
    assert.equal(failed.length, 1);
    const page = await world.admin.call('webhooks.listDeliveries', { webhookId, status: 'failed', limit: 1 });
    assert.equal(page.body.pagination.hasMore, true);
    const rest = await deliveries(webhookId, { status: 'failed', cursor: page.body.pagination.cursor });
    assert.equal(rest.length, 1);
    assert.equal(rest[0].attempts, 5);
    assert.equal(rest[0].response, 'broken');
    assert.equal(rest[0].error, 'the receiver answered 500');
    receiver.answer(204);
    const before = receiver.at(path).length;
    await world.admin.ok('webhooks.redeliver', { webhookId, deliveryId: rest[0].id });
    await receiver.expect(path, before + 1);
    assert.equal(receiver.at(path).at(-1).headers['webhook-id'], rest[0].eventId);
    await until(async () => (await get(webhookId)).failed === 1, 'one dead letter less');
    assert.deepEqual(await world.admin.ok('webhooks.redeliver', { webhookId, failedSince: since }), { deliveries: 1 });
    await until(async () => (await get(webhookId)).failed === 0, 'no dead letter');
    expectError(await world.admin.call('webhooks.redeliver', { webhookId, deliveryId: 'whd_none_1' }), 404,
      'urn:keyfold:error:webhook_delivery_not_found');
    expectRuleViolation(await world.admin.call('webhooks.redeliver', { webhookId }));
    await remove(webhookId);
  });

  it('gives up on a receiver that hangs, and tries again', async () => {
    const { webhookId, path } = await make();
    let hangs = true;
    receiver.respond = (request, response) => {
      if (request.url === path && hangs) {
        hangs = false;
        return;
      }
      response.writeHead(204).end();
    };
    await world.api();
    await receiver.expect(path, 2);
    const [listed] = await until(async () => {
      const all = await deliveries(webhookId, { status: 'delivered' });
      return all.length > 0 && all;
    }, 'delivered on record');
    assert.equal(listed.attempts, 2);
    await remove(webhookId);
  });

  it('follows a redirect that keeps the method, and checks where it leads', async () => {
    const { webhookId, path } = await make();
    receiver.respond = (request, response) => {
      if (request.url === path) response.writeHead(307, { Location: `${path}/moved` }).end();
      else response.writeHead(204).end();
    };
    await world.api();
    const [moved] = await receiver.expect(`${path}/moved`, 1);
    assert.equal(moved.method, 'POST');
    assert.equal(moved.event.type, 'ApiCreated');
    receiver.answer(307, { Location: 'http://169.254.169.254/latest/meta-data' });
    await world.api();
    await until(async () => (await get(webhookId)).failed === 1, 'a dead letter');
    const [failed] = await deliveries(webhookId, { status: 'failed' });
    assert.match(failed.error, /metadata/);
    receiver.answer(204);
    await remove(webhookId);
  });

  it('is disabled by 410, and goes on without a gap when it is enabled', async () => {
    const { webhookId, path } = await make();
    receiver.answer(410);
    await world.api();
    const disabled = await until(async () => {
      const webhook = await get(webhookId);
      return !webhook.enabled && webhook;
    }, 'disabled');
    assert.equal(disabled.disabled.reason, 'gone');
    assert.equal(typeof disabled.disabled.at, 'number');
    expectError(await world.admin.call('webhooks.testWebhook', { webhookId }), 412, 'unkey/application/precondition_failed');
    receiver.answer(204);
    const apiId = await world.api();
    await world.admin.ok('webhooks.updateWebhook', { webhookId, enabled: true });
    await until(() => receiver.at(path).some(({ event }) => event.data.apiId === apiId), 'the event from meanwhile');
    assert.equal('disabled' in await get(webhookId), false);
    await remove(webhookId);
  });

  it('sends a test event to one webhook alone', async () => {
    const { webhookId, path } = await make({ types: ['KeyDeleted'] });
    const other = await make({ types: ['*'] });
    await world.admin.ok('webhooks.testWebhook', { webhookId });
    const [test] = await receiver.expect(path, 1);
    assert.equal(test.event.type, 'WebhookTested');
    await world.api();
    await until(() => receiver.at(other.path).some(({ event }) => event.type === 'ApiCreated'), 'what comes behind it');
    assert.equal(receiver.at(other.path).some(({ event }) => event.type === 'WebhookTested'), false);
    await remove(webhookId);
    await remove(other.webhookId);
  });

  it('begins where it is told', async () => {
    const { webhookId, path } = await make({ from: 'beginning', types: ['Workspace*'] });
    const [first] = await receiver.expect(path, 1);
    assert.equal(first.event.type, 'WorkspaceCreated');
    const { webhookId: second, path: secondPath } = await make({ from: first.event.position, types: ['Workspace*'] });
    await receiver.expect(secondPath, 1);
    assert.equal(receiver.at(secondPath)[0].event.id, first.event.id);
    const { webhookId: third, path: thirdPath } = await make({ from: first.event.timestamp, types: ['Workspace*'] });
    await receiver.expect(thirdPath, 1);
    assert.equal(receiver.at(thirdPath)[0].event.id, first.event.id);
    await remove(third);
    const [partition, sequence] = first.event.position.split(':').map(Number);
    const url = receiver.url;
    expectRuleViolation(await world.admin.call('webhooks.createWebhook', { url, from: `${partition + 1}:${sequence}` }));
    expectRuleViolation(await world.admin.call('webhooks.createWebhook', { url, from: `${partition}:999999999` }));
    expectRuleViolation(await world.admin.call('webhooks.createWebhook', { url, from: 'yesterday' }));
    await remove(webhookId);
    await remove(second);
  });

  it('sends nothing of another workspace', async () => {
    const { caller, workspaceId } = await world.otherWorkspace();
    const theirs = await make({ types: ['*'] }, caller);
    await world.api();
    await world.api(caller);
    await until(() => receiver.at(theirs.path).some(({ event }) => event.type === 'ApiCreated'), 'their event');
    assert.deepEqual([...new Set(receiver.at(theirs.path).map(({ event }) => event.workspaceId))], [workspaceId]);
    for (const operation of ['getWebhook', 'deleteWebhook', 'testWebhook', 'rotateSecret', 'listDeliveries', 'updateWebhook']) {
      expectError(await world.admin.call(`webhooks.${operation}`, { webhookId: theirs.webhookId }), 404,
        'urn:keyfold:error:webhook_not_found');
    }
    await caller.ok('webhooks.deleteWebhook', { webhookId: theirs.webhookId });
  });

  it('refuses what can not work, and says why', async () => {
    const create = (fields) => world.admin.call('webhooks.createWebhook', { url: `${receiver.url}/x`, ...fields });
    const detail = async (fields) => expectRuleViolation(await create(fields)).detail;
    assert.match(await detail({ url: 'http://10.0.0.1/' }), /private/);
    assert.match(await detail({ url: 'http://169.254.169.254/' }), /metadata/);
    assert.match(await detail({ url: 'ftp://example.com/' }), /scheme/);
    assert.match(await detail({ url: 'http://me:secret@example.com/' }), /user name/);
    assert.match(expectInvalid(await create({ types: ['KeyCreatd'] }), '/types/items')[0].fix, /KeyCreated/);
    assert.match(expectInvalid(await create({ types: ['PartitionOpened'] }), '/types/items')[0].message, /no event type/);
    assert.match(await detail({ headers: { Host: 'a' } }), /Host/);
    assert.match(await detail({ headers: { 'webhook-id': 'a' } }), /webhook-id/);
    assert.match(await detail({ headers: { 'X-A': 'a\r\nX-B: b' } }), /no header may hold/);
    assert.match(await detail({ headers: { 'X-A: b\r\nX-C': 'a' } }), /no header may have/);
    assert.match(await detail({ headers: { 'X-A': 7 } }), /no header may hold/);
    expectInvalid(await create({ url: undefined }));
    expectInvalid(await create({ headers: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`X-${i}`, 'a'])) }));
    expectInvalid(await create({ signature: 'rsa' }));
  });

  it('asks for a permission of its own', async () => {
    const { webhookId } = await make();
    const nobody = await world.callerWith();
    for (const operation of ['getWebhook', 'updateWebhook', 'deleteWebhook', 'rotateSecret', 'testWebhook', 'listDeliveries', 'redeliver']) {
      expectForbidden(await nobody.call(`webhooks.${operation}`, { webhookId }));
    }
    expectForbidden(await nobody.call('webhooks.createWebhook', { url: receiver.url }));
    expectForbidden(await nobody.call('webhooks.listWebhooks', {}));
    const reader = await world.callerWith(`webhook.${webhookId}.read_webhook`);
    expectOk(await reader.call('webhooks.getWebhook', { webhookId }));
    expectForbidden(await reader.call('webhooks.deleteWebhook', { webhookId }));
    expectForbidden(await reader.call('webhooks.listWebhooks', {}));
    const listed = await world.admin.ok('webhooks.listWebhooks', {});
    assert.ok(listed.some((webhook) => webhook.id === webhookId));
    await remove(webhookId);
    expectError(await world.admin.call('webhooks.getWebhook', { webhookId }), 404, 'urn:keyfold:error:webhook_not_found');
  });

  it('makes one webhook of a repeated request, with the same secret', async () => {
    const body = { url: `${receiver.url}/once` };
    const headers = { 'Idempotency-Key': unique('once') };
    const first = await world.admin.ok('webhooks.createWebhook', body, headers);
    assert.deepEqual(await world.admin.ok('webhooks.createWebhook', body, headers), first);
    await remove(first.webhookId);
  });

  it('counts what it does', async () => {
    const text = await (await fetch(`${world.server.operatorUrl}/metrics`)).text();
    assert.match(text, /keyfold_webhook_attempts_total\{outcome="delivered"\} [1-9]/);
    assert.match(text, /keyfold_webhook_attempts_total\{outcome="retry"\} [1-9]/);
    assert.match(text, /keyfold_webhook_pending \d/);
  });
});

it('sends to no special address and over no plain HTTP unless it is told to', async () => {
  const server = await startServer();
  const world = new World(server);
  try {
    for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://[::1]/', 'https://localhost.:22/']) {
      expectRuleViolation(await world.admin.call('webhooks.createWebhook', { url }));
    }
    // A name is looked up when there is something to send.
    const { webhookId } = await world.admin.ok('webhooks.createWebhook', { url: 'https://localhost/' });
    await world.api();
    const [pending] = await until(async () => {
      const all = await world.admin.ok('webhooks.listDeliveries', { webhookId, status: 'pending' });
      return all.length > 0 && all;
    }, 'a failed attempt on record');
    assert.match(pending.error, /loopback/);
  } finally {
    await world.stop();
  }
});
