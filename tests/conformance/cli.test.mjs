// The `keyfold` program as an operator uses it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { digest, eventsTail, keyfold, replayInto } from './lib/cli.mjs';
import { expectCode, expectOk } from './lib/expect.mjs';
import { Client } from './lib/http.mjs';
import { removeDirectory, startServer, temporaryDirectory } from './lib/server.mjs';
import { open, readToEnd } from './lib/sockets.mjs';
import { unique, World } from './lib/world.mjs';

/** A little of everything that writes events. */
async function liveALittle(world) {
  const role = unique('role');
  await world.admin.ok('permissions.createPermission', { name: 'p', slug: unique('p') });
  await world.admin.ok('permissions.createRole', { name: role, permissions: [unique('q')] });
  const { keyId, key } = await world.key({ credits: { remaining: 5 }, roles: [role], externalId: unique('c') });
  expectCode(await world.verify(key), 'VALID');
  await world.update(keyId, { name: 'updated' });
  await world.key({}, (await world.otherWorkspace()).caller);
  await world.admin.ok('keys.deleteKey', { keyId });
  return { keyId };
}

describe('keyfold events tail', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(() => world.stop());

  it('prints every event from the beginning as JSON, one a line, dense in each partition', async () => {
    const { keyId } = await liveALittle(world);
    const events = await eventsTail(world.server);
    const next = new Map();
    for (const event of events) {
      assert.equal(event.sequence, next.get(event.partition) ?? 0, JSON.stringify(event));
      next.set(event.partition, event.sequence + 1);
    }
    const types = events.filter((event) => event.streamId === keyId).map((event) => event.type);
    assert.deepEqual(types, ['KeyCreated', 'KeyCreditsSpent', 'KeyUpdated', 'KeyDeleted']);
  });
  it('carries X-Request-Id as causation and no secret', async () => {
    const { key } = await world.key();
    await world.admin.ok('apis.createApi', { name: 'caused' }, { 'X-Request-Id': 'my-correlation-1' });
    const events = await eventsTail(world.server);
    assert.ok(events.some((event) => event.type === 'ApiCreated' && event.causationId === 'my-correlation-1'));
    const text = JSON.stringify(events);
    assert.ok(!text.includes(key) && !text.includes(world.server.rootKey));
  });
  it('leaves no trace of a refused command', async () => {
    const earlier = (await eventsTail(world.server)).length;
    await world.admin.call('keys.createKey', { apiId: 'api_absent00' });
    await world.admin.call('apis.createApi', { name: 'x' });
    assert.equal((await eventsTail(world.server)).length, earlier);
  });
});

describe('keyfold digest and replay', () => {
  it('agree: live, stopped, and replayed into a new directory', async () => {
    const world = await World.start();
    const copy = temporaryDirectory('replay');
    try {
      await liveALittle(world);
      const live = await digest(world.server);
      assert.ok(live.length > 0);
      world.client.close();
      await world.server.stop();
      assert.deepEqual(await digest(world.server), live);
      assert.deepEqual(await replayInto(world.server, join(copy, 'new')), live);
    } finally {
      await world.server.dispose();
      removeDirectory(copy);
    }
  });
});

describe('bootstrap', () => {
  it('shows the root key on the first start only', async () => {
    const first = await startServer();
    assert.match(first.rootKey, /^unkey_/);
    await first.stop();
    const second = await startServer({ data: first.data });
    assert.equal(second.rootKey, undefined, second.output);
    const client = new Client(second.url);
    const answer = await client.request('POST', '/v2/apis.createApi', {
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${first.rootKey}` }, body: '{"name":"still valid"}',
    });
    client.close();
    await second.dispose();
    expectOk(answer);
  });
  it('prints three curl lines that work when pasted', async () => {
    const server = await startServer();
    const lines = server.stdout.split('\n').filter((line) => line.includes('curl '));
    assert.equal(lines.length, 3, server.stdout);
    const output = await new Promise((resolve) => {
      execFile('sh', ['-c', lines.join('\n')], (error, stdout, stderr) => resolve(stdout + stderr));
    });
    await server.dispose();
    assert.match(output, /"apiId":"api_[\s\S]*"key":"[\s\S]*"code":"VALID"/);
  });
  it('may be repeated by hand and shows no key again', async () => {
    const data = temporaryDirectory();
    const first = await keyfold(['bootstrap', '--data', data]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /unkey_/);
    const second = await keyfold(['bootstrap', '--data', data]);
    assert.equal(second.code, 0, second.stderr);
    assert.doesNotMatch(second.stdout + second.stderr, /unkey_/);
    removeDirectory(data);
  });
  it('keeps the master key to its owner', async () => {
    const server = await startServer();
    const secrets = readdirSync(server.data).filter((name) => /key/.test(name)).map((name) => join(server.data, name));
    const modes = secrets.map((path) => [path, statSync(path).mode & 0o077]);
    await server.dispose();
    assert.ok(modes.length >= 1, 'no master key file');
    for (const [path, others] of modes) assert.equal(others, 0, path);
  });
});

describe('keyfold serve', () => {
  it('refuses a directory that another process holds, and says so', async () => {
    const server = await startServer();
    const second = await startServer({ data: server.data, mayFail: true });
    const { code } = await second.exited;
    assert.notEqual(code, 0);
    assert.match(second.output, /another process|in use|lock/i);
    await server.dispose();
  });
  it('ends on SIGTERM and SIGINT with 0, after it has answered what is in flight', async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      const world = await World.start();
      const apiId = await world.api();
      const body = JSON.stringify({ apiId });
      const head = `POST /v2/keys.createKey HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${world.server.rootKey}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const sockets = await Promise.all(Array.from({ length: 20 }, () => open(world.server.url, head + body.slice(0, -1))));
      await new Promise((resolve) => { setTimeout(resolve, 200); });
      const answers = sockets.map((socket) => readToEnd(socket));
      const ended = world.server.stop(signal);
      sockets.forEach((socket) => socket.write(body.slice(-1)));
      for (const text of await Promise.all(answers)) assert.match(text, /^HTTP\/1\.1 200[\s\S]*"keyId"/);
      assert.deepEqual(await ended, { code: 0, signal: null });
      await world.stop();
    }
  });
  it('logs no secret', async () => {
    const world = await World.start();
    const { key } = await world.key();
    expectCode(await world.verify(key), 'VALID');
    await world.admin.call('keys.verifyKey', { key, unknown: true });
    await world.stop();
    for (const secret of [key, world.server.rootKey]) assert.ok(!world.server.stderr.includes(secret));
    assert.ok(!world.server.stdout.includes(key));
  });
});

describe('the operator listener', () => {
  let world;
  let operator;
  before(async () => {
    world = await World.start();
    operator = new Client(world.server.operatorUrl);
  });
  after(async () => {
    operator.close();
    await world.stop();
  });

  it('serves metrics that Prometheus can read', async () => {
    const { key } = await world.key();
    expectCode(await world.verify(key), 'VALID');
    const answer = await operator.request('GET', '/metrics');
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    const samples = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.ok(samples.length > 10);
    for (const line of samples) assert.match(line, /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [-+0-9.eEinfNa]+$/);
    assert.ok(samples.some((line) => /^keyfold_verifications_total\{.*code="VALID".*\} 1$/.test(line)), answer.text);
    assert.ok(samples.some((line) => /^keyfold_http_requests_total\{.*\} [1-9]/.test(line)));
    assert.ok(!answer.text.includes(key));
  });
  it('tells liveness and readiness', async () => {
    for (const path of ['/health/live', '/health/ready']) assert.equal((await operator.request('GET', path)).status, 200);
  });
});

describe('workspaces and root keys by the program', () => {
  let world;
  before(async () => { world = await World.start(); });
  after(() => world.stop());

  const json = async (...args) => {
    const result = await keyfold([...args, '--server', world.server.url, '--root-key', world.server.rootKey, '--json']);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return JSON.parse(result.stdout);
  };

  it('are made, listed and revoked with --json', async () => {
    const name = unique('by cli');
    const { workspaceId } = await json('workspace', 'create', '--name', name);
    assert.match(workspaceId, /^ws_/);
    assert.ok(JSON.stringify(await json('workspace', 'list')).includes(workspaceId));
    const made = await json('root-key', 'create', '--name', 'cli', '--permission', 'api.*.create_api', '--permission', 'api.*.read_api');
    assert.match(made.rootKey, /^unkey_/);
    assert.ok(JSON.stringify(await json('root-key', 'list')).includes(made.rootKeyId));
    const other = await json('root-key', 'create', '--name', 'tenant', '--permission', 'api.*.create_api', '--workspace', workspaceId);
    assert.match(other.rootKey, /^unkey_/);
    await json('root-key', 'revoke', made.rootKeyId);
    const result = await keyfold(['workspace', 'list', '--server', world.server.url, '--root-key', made.rootKey]);
    assert.notEqual(result.code, 0);
  });
  it('take the server and the root key from the environment', async () => {
    const env = { KEYFOLD_SERVER: world.server.url, KEYFOLD_ROOT_KEY: world.server.rootKey };
    const result = await keyfold(['workspace', 'list', '--json'], { env });
    assert.equal(result.code, 0, result.stderr);
    JSON.parse(result.stdout);
  });
  it('tell what went wrong and what to do', async () => {
    const result = await keyfold(['workspace', 'list', '--server', world.server.url, '--root-key', 'unkey_wrong']);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /root key/i);
  });
});

describe('configuration', () => {
  it('refuses an unknown option with the nearest known name', async () => {
    const result = await keyfold(['serve', '--prot', '0']);
    assert.notEqual(result.code, 0);
    assert.match(result.stdout + result.stderr, /prot/);
  });
  it('explains itself with --help', async () => {
    const result = await keyfold(['--help']);
    assert.equal(result.code, 0);
    for (const command of ['serve', 'bootstrap', 'events', 'replay', 'digest', 'workspace', 'root-key']) {
      assert.ok(result.stdout.includes(command), command);
    }
  });
});
