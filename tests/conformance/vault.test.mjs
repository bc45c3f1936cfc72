// Rotations of the vault's keys, cut off by kills: nothing that was sealed is lost, and what is left is gone on with.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { keyfold } from './lib/cli.mjs';
import { expectOk } from './lib/expect.mjs';
import { Caller, Client } from './lib/http.mjs';
import { removeDirectory, startServer, temporaryDirectory } from './lib/server.mjs';
import { World } from './lib/world.mjs';

const WORKSPACES = 3;
const KEYS = 10;

/** A data directory that outlives its servers, with recoverable keys in several workspaces. */
class Vaulted {
  constructor() {
    this.data = temporaryDirectory('vault');
    this.keys = [];  // {rootKey, keyId, key}
    this.args = [];
  }

  /** Runs `use(server)` and stops the server, or finds it killed. */
  async serve(use, { env = {} } = {}) {
    const server = await startServer({ data: this.data, env, args: this.args });
    const client = new Client(server.url);
    try {
      return await use(server, client);
    } finally {
      client.close();
      await server.stop();
    }
  }

  async fill() {
    const world = await World.start({ data: this.data });
    const callers = [world.admin];
    while (callers.length < WORKSPACES) callers.push((await world.otherWorkspace()).caller);
    for (const caller of callers) {
      const apiId = await world.api(caller);
      await caller.ok('apis.updateSettings', { apiId, storeEncryptedKeys: true });
      for (let i = 0; i < KEYS; i += 1) {
        const { keyId, key } = await world.key({ apiId, recoverable: true }, caller);
        this.keys.push({ rootKey: caller.rootKey, keyId, key });
      }
    }
    world.client.close();
    await world.server.stop();
  }

  /** Every key's plaintext is what it was. */
  async check(client) {
    for (const { rootKey, keyId, key } of this.keys) {
      const caller = new Caller(client, rootKey);
      assert.equal(expectOk(await caller.call('keys.getKey', { keyId, decrypt: true })).plaintext, key);
    }
  }

  command(...args) { return keyfold(['vault', ...args, '--data', this.data, ...this.args]); }

  /** Serves with a fault point while the command runs, and expects the kill. */
  async dieIn(fault, ...args) {
    await this.serve(async (server) => {
      await this.command(...args);
      const { signal } = await server.exited;
      assert.equal(signal, 'SIGKILL', `the server did not pass ${fault}`);
    }, { env: { KEYFOLD_FAULT: fault } });
  }

  /** Puts a new master key in the place of the old one, which becomes the previous one. */
  replaceMasterKey() {
    const file = join(this.data, 'master.key');
    const previous = `${file}.old`;
    renameSync(file, previous);
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const config = join(this.data, 'keyfold.toml');
    writeFileSync(config, `[vault]\nprevious_master_key_file = "${previous}"\n`);
    this.args = ['--config', config];
  }

  async withoutPrevious(use) {
    const args = this.args;
    this.args = [];
    try {
      return await use();
    } finally {
      this.args = args;
    }
  }
}

async function run(steps) {
  const vaulted = new Vaulted();
  try {
    await vaulted.fill();
    await steps(vaulted);
  } finally {
    removeDirectory(vaulted.data);
  }
}

describe('keyfold vault', () => {
  it('replaces the master key across a kill, and lets the old one go only when nothing needs it', () => run(async (vaulted) => {
    vaulted.replaceMasterKey();
    await vaulted.dieIn('vault.rewrapped:2', 'rotate-master');
    await vaulted.withoutPrevious(async () => {
      const refused = await startServer({ data: vaulted.data, mayFail: true });
      assert.equal((await refused.exited).code, 1, refused.output);
      assert.match(refused.output, /data keys are wrapped by a master key that is not configured/);
    });
    await vaulted.serve(async (server, client) => {
      await vaulted.check(client);
      const { code, stdout, stderr } = await vaulted.command('rotate-master');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /left: 0\n/);
      await vaulted.check(client);
    });
    await vaulted.withoutPrevious(() => vaulted.serve((server, client) => vaulted.check(client)));
  }));

  it('rotates everything by one command', () => run(async (vaulted) => {
    vaulted.replaceMasterKey();
    await vaulted.serve(async (server, client) => {
      const { code, stdout, stderr } = await vaulted.command('rotate');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /data keys wrapped: \d+, left: 0\n[^]*rings with a new data key: \d+, left: 0\n/);
      await vaulted.check(client);
    });
    await vaulted.withoutPrevious(() => vaulted.serve((server, client) => vaulted.check(client)));
  }));

  for (const fault of ['vault.rotated:2', 'vault.resealed:4', 'vault.destroyed:1']) {
    it(`finishes a rotation of data keys that was killed at ${fault}`, () => run(async (vaulted) => {
      await vaulted.dieIn(fault, 'rotate-data');
      await vaulted.serve(async (server, client) => {
        await vaulted.check(client);
        const { code, stdout, stderr } = await vaulted.command('rotate-data');
        assert.equal(code, 0, stdout + stderr);
        assert.match((await vaulted.command('status')).stdout, /superseded data keys: 0, secrets under them: 0\n/);
        await vaulted.check(client);
      });
    }));
  }
});
