// keyfold's own: tamper evidence. What is served is checked by Go's sumdb packages, which know nothing of keyfold, and by
// `keyfold audit`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { keyfold } from './lib/cli.mjs';
import { expectError, expectForbidden, expectInvalid, expectOk, expectRuleViolation } from './lib/expect.mjs';
import { removeDirectory, startServer, temporaryDirectory } from './lib/server.mjs';
import { World } from './lib/world.mjs';

const READ_EVENT = 'event.*.read_event';
const WAIT_MS = 30_000;
const run = promisify(execFile);

const config = (directory, text = '') => {
  const file = join(directory, 'audit.toml');
  writeFileSync(file, `[audit]\ncheckpoint_interval_ms = 20\ndirectory_interval_ms = 100\n${text}`);
  return file;
};

let goVerifier;
let work;
before(async () => {
  work = mkdtempSync(join(tmpdir(), 'keyfold-audit-'));
  goVerifier = join(work, 'verifier');
  const source = join(work, 'source');
  cpSync(join(process.env.KEYFOLD_TESTS_DIRECTORY, 'conformance/audit_go'), source, { recursive: true });
  await run('go', ['build', '-o', goVerifier, '.'], { cwd: source });
});
after(() => removeDirectory(work));

/** Runs the foreign verifier; what it prints. */
async function foreign(log, ...args) {
  const { stdout } = await run(goVerifier, ['-url', log.url, '-key', log.verifier_key, ...args]);
  return JSON.parse(stdout);
}

async function auditLogs(data) {
  const listed = await keyfold(['audit', 'logs', '--json', '--data', data]);
  assert.equal(listed.code, 0, listed.stderr);
  return JSON.parse(listed.stdout);
}

async function until(condition) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await condition();
    if (found) return found;
    assert.ok(Date.now() < end, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the audit logs of a server', () => {
  let world;
  let home;  // the log of the administrator's workspace
  before(async () => {
    world = await World.start({ args: ['--config', config(work)] });
    const apiId = await world.api();
    for (let i = 0; i < 300; i += 1) await world.admin.ok('keys.createKey', { apiId });
    home = await until(async () => (await auditLogs(world.server.data)).find((log) => log.size > 300));
  });
  after(() => world.stop());

  const get = (path, headers = {}) => world.client.request('GET', path, { headers });
  const bearer = (caller) => ({ Authorization: `Bearer ${caller.rootKey}` });

  it('are listed with what a client needs', async () => {
    const logs = await auditLogs(world.server.data);
    assert.deepEqual(logs.map((log) => log.name), ['0', '1', '2', '3', 'directory']);
    for (const log of logs) {
      assert.equal(log.url, `${world.server.url}/audit/${log.name}`);
      assert.ok(log.origin.endsWith(`/${log.name}`));
      assert.ok(log.verifier_key.startsWith(`${log.origin}+`));
    }
    const listed = expectOk(await world.admin.call('audit.listLogs', {}));
    assert.deepEqual(listed.map((log) => log.verifierKey), logs.map((log) => log.verifier_key));
    const remote = await keyfold(['audit', 'logs', '--json', '--server', world.server.url, '--root-key', world.server.rootKey]);
    assert.deepEqual(JSON.parse(remote.stdout).map((log) => log.url), logs.map((log) => log.url));
  });

  it('satisfy a foreign client: checkpoints, full and partial tiles, entries, inclusion and consistency', async () => {
    for (const log of await auditLogs(world.server.data)) {
      const seen = await foreign(log, '-entries', '-root-key', world.server.rootKey);
      assert.equal(seen.entries, seen.size);
      assert.ok(log.name !== home.name || seen.size > 300);
    }
  });

  it('grow, and stay what a foreign client saw before', async () => {
    const old = join(work, 'old.checkpoint');
    const before = await foreign(home);
    writeFileSync(old, before.checkpoint);
    await world.api();
    await until(async () => (await foreign(home)).size > before.size);
    const seen = await foreign(home, '-since', old);
    assert.equal(seen.since, before.size);
  });

  it('have a directory whose leaves are the partitions\' checkpoints', async () => {
    const directory = await until(async () => (await auditLogs(world.server.data)).find((log) => log.name === 'directory' && log.size > 0));
    const seen = await foreign(directory, '-entries');  // public: it tells of no event
    assert.equal(seen.entries, seen.size);
    const width = seen.size % 256;
    const entries = await get(`/audit/directory/tile/entries/000${width === 0 ? '' : `.p/${width}`}`);
    assert.equal(entries.status, 200);
    assert.ok(entries.text.includes(`${home.origin}\n`));
  });

  it('come with the headers of tlog-tiles', async () => {
    const checkpoint = await get(`/audit/${home.name}/checkpoint`);
    assert.equal(checkpoint.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(checkpoint.headers['cache-control'], 'no-cache');
    const tile = await get(`/audit/${home.name}/tile/0/000`);
    assert.equal(tile.headers['content-type'], 'application/octet-stream');
    assert.equal(tile.headers['content-length'], String(256 * 32));
    assert.match(tile.headers['cache-control'], /public.*immutable/);
    assert.equal((await world.client.request('HEAD', `/audit/${home.name}/tile/0/000`)).status, 200);
    assert.equal((await world.client.request('POST', `/audit/${home.name}/checkpoint`)).status, 405);
  });

  it('have no file that no checkpoint covers, and no other path', async () => {
    for (const path of [`${home.name}/tile/0/000.p/256`, `${home.name}/tile/0/0`, `${home.name}/tile/64/000`, `${home.name}/tile/00/000`,
                        `${home.name}/tile/0/x000/001`, `${home.name}/tile/0/005`, `${home.name}/tile/3/000`, `${home.name}/tile/entries/005`,
                        `${home.name}/nothing`, '17/checkpoint', '00/checkpoint', 'directory/x', '', `${home.name}/checkpoint/`]) {
      assert.equal((await get(`/audit/${path}`, bearer(world.admin))).status, 404, path);
    }
  });

  it('give entries to those alone who may read all workspaces', async () => {
    const path = `/audit/${home.name}/tile/entries/000`;
    assert.equal((await get(path)).status, 400);
    assert.equal((await get(path, { Authorization: 'Bearer unkey_nobody' })).status, 401);
    const { caller } = await world.otherWorkspace();  // an administrator
    expectForbidden(await get(path, bearer(caller)));
    expectForbidden(await get(path, bearer(await world.callerWith('event.*.read_event'))));
    const entries = await get(path, bearer(await world.callerWith('audit.*.read_entries')));
    assert.equal(entries.status, 200);
    assert.match(entries.headers['cache-control'], /private/);
  });

  it('can be closed to strangers', async () => {
    const directory = temporaryDirectory('audit');
    const closed = await World.start({ args: ['--config', config(directory, 'public = "off"\n')] });
    try {
      const file = (headers) => closed.client.request('GET', '/audit/0/checkpoint', { headers });
      assert.equal((await file({})).status, 400);
      assert.equal((await file({ Authorization: `Bearer ${closed.server.rootKey}` })).status, 200);
    } finally {
      await closed.stop();
      removeDirectory(directory);
    }
  });

  describe('audit.getInclusionProof', () => {
    it('proves an event to a foreign client', async () => {
      const answer = await world.admin.call('apis.createApi', { name: 'proven' });
      const position = answer.headers['x-keyfold-position'];
      const proof = await until(async () => {
        const proven = await world.admin.call('audit.getInclusionProof', { position });
        return proven.status === 200 ? proven.data : expectError(proven, 412, 'unkey/application/precondition_failed') && undefined;
      });
      assert.equal(proof.position, position);
      const file = join(work, 'event.tlog-proof');
      writeFileSync(file, proof.proof);
      const seen = await foreign(home, '-proof', file, '-leaf', proof.leafHash);
      assert.equal(seen.proof, true);
    });
    it('proves the caller\'s own events alone', async () => {
      const { caller } = await world.otherWorkspace();
      const mine = (await world.admin.call('apis.createApi', { name: 'mine' })).headers['x-keyfold-position'];
      for (const position of [mine, '0:999999', '77:0', '0:0']) {
        expectError(await caller.call('audit.getInclusionProof', { position }), 404, 'urn:keyfold:error:event_not_found');
      }
      expectForbidden(await (await world.callerWith()).call('audit.getInclusionProof', { position: mine }));
      expectInvalid(await world.admin.call('audit.getInclusionProof', { position: 'x' }));
    });
  });

  describe('audit.getConsistencyProof', () => {
    it('gives the hashes of RFC 6962', async () => {
      const caller = await world.callerWith(READ_EVENT);
      const proof = expectOk(await caller.call('audit.getConsistencyProof', { log: home.name, from: 7, to: 300 }));
      assert.equal(proof.from, 7);
      assert.ok(proof.hashes.length > 0 && proof.hashes.every((hash) => Buffer.from(hash, 'base64').length === 32));
      const same = expectOk(await caller.call('audit.getConsistencyProof', { log: home.name, from: 300, to: 300 }));
      assert.deepEqual(same.hashes, []);
      assert.equal(same.fromRoot, proof.toRoot);
    });
    it('refuses sizes that were not published, and logs that do not exist', async () => {
      for (const body of [{ log: home.name, from: 2, to: 1 }, { log: home.name, from: 0, to: 1e9 }, { log: '9', from: 0 }]) {
        expectRuleViolation(await world.admin.call('audit.getConsistencyProof', body));
      }
      expectForbidden(await (await world.callerWith()).call('audit.getConsistencyProof', { log: home.name, from: 0 }));
    });
  });

  describe('keyfold audit verify', () => {
    it('checks a served log with its public key alone, and what it was before', async () => {
      const since = join(work, 'verify.since');
      for (let i = 0; i < 2; i += 1) {
        const args = ['audit', 'verify', '--url', home.url, '--key', home.verifier_key, '--root-key', world.server.rootKey, '--since', since, '--json'];
        const verified = await keyfold(args);
        assert.equal(verified.code, 0, verified.stdout + verified.stderr);
        assert.ok(JSON.parse(verified.stdout).logs[0].size > 300);
        assert.ok(readFileSync(since, 'utf8').startsWith(`${home.origin}\n`));
        await world.api();
      }
    });
    it('refuses a log that another key signed', async () => {
      const other = (await auditLogs(world.server.data)).find((log) => log.name !== home.name);
      const verified = await keyfold(['audit', 'verify', '--url', home.url, '--key', other.verifier_key]);
      assert.equal(verified.code, 1);
      assert.match(verified.stdout, /can't be believed/);
    });
    it('checks the data directory of a running server', async () => {
      const verified = await keyfold(['audit', 'verify', '--data', world.server.data]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    });
    it('checks exports with nothing but public keys, and finds one changed byte', async () => {
      const keys = (await auditLogs(world.server.data)).flatMap((log) => ['--key', log.verifier_key]);
      for (const more of [[], ['--workspace', world.server.workspaceId]]) {
        const file = join(work, 'events.export');
        const exported = await keyfold(['audit', 'export', '--format', 'proto', '--data', world.server.data, '--output', file, ...more]);
        assert.equal(exported.code, 0, exported.stderr);
        const verify = () => keyfold(['audit', 'verify', '--export', file, ...keys]);
        const verified = await verify();
        assert.equal(verified.code, 0, verified.stdout + verified.stderr);
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1] ^= 1;
        writeFileSync(file, bytes);
        assert.equal((await verify()).code, 1);
      }
    });
  });
});

describe('the audit logs of a server that is killed', () => {
  it('never publish a smaller size again, nor another tree', async () => {
    const data = temporaryDirectory('audit');
    const settings = config(work);
    const old = join(work, 'killed.checkpoint');
    let published = 0;
    let rootKey;
    try {
      for (let round = 0; round < 4; round += 1) {
        const world = new World(await startServer({ data, args: ['--config', settings] }));
        rootKey ??= world.server.rootKey;
        world.admin.rootKey = rootKey;
        const logs = await auditLogs(data);
        const size = logs.reduce((sum, log) => sum + log.size, 0);
        assert.ok(size >= published, `${size} after ${published}`);
        for (let i = 0; i < 20; i += 1) await world.api();
        const home = await until(async () => (await auditLogs(data)).find((log) => log.name !== 'directory' && log.size > 20 * round + 10));
        const seen = await foreign(home, ...(round > 0 ? ['-since', old] : []));
        writeFileSync(old, seen.checkpoint);
        published = (await auditLogs(data)).reduce((sum, log) => sum + log.size, 0);
        world.client.close();
        await world.server.stop('SIGKILL');
      }
    } finally {
      removeDirectory(data);
    }
  });
});
