// Starts and ends keyfold servers: each on a free port, with a data directory of its own, ended by process id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/** The program under test, from the environment variable KEYFOLD_BINARY. */
export function binary() {
  const path = process.env.KEYFOLD_BINARY;
  if (!path) throw new Error('KEYFOLD_BINARY must name the keyfold program');
  return path;
}

/** A new directory under the system's temporary one, or under KEYFOLD_TEST_DIRECTORY. */
export function temporaryDirectory(name = 'keyfold') {
  return mkdtempSync(join(process.env.KEYFOLD_TEST_DIRECTORY ?? tmpdir(), `${name}-`));
}

export function removeDirectory(path) {
  rmSync(path, { recursive: true, force: true });
}

/** A running server. `workspaceId` and `rootKey` are set on the first start of a data directory only. */
export class Server {
  constructor(child, data) {
    this.child = child;
    this.data = data;
    this.stdout = '';
    this.stderr = '';
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    child.stdout.on('data', (chunk) => { this.stdout += chunk; });
    child.stderr.on('data', (chunk) => { this.stderr += chunk; });
  }

  get output() { return this.stdout + this.stderr; }
  get pid() { return this.child.pid; }
  get running() { return this.child.exitCode === null && this.child.signalCode === null; }
  get url() { return this.#line('address'); }
  get operatorUrl() { return this.#line('operator'); }
  get workspaceId() { return this.#line('workspace'); }
  get rootKey() { return this.#line('root key'); }

  #line(name) {
    return this.stdout.match(new RegExp(`^${name}: *(\\S+)`, 'm'))?.[1];
  }

  /** Sends the signal and waits for the end. A server that outlives SIGTERM by far is killed and reported. */
  async stop(signal = 'SIGTERM') {
    if (this.running) this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const result = await this.exited;
    clearTimeout(timer);
    return result;
  }

  /** Ends the server and deletes its data. */
  async dispose() {
    await this.stop();
    removeDirectory(this.data);
  }
}

/**
 * Starts `keyfold serve` and resolves once it has printed its addresses. Throws with the server's output when it ends
 * first, except when `mayFail` asks for the ended server instead. Without `bootstraps` it makes no first root key.
 */
export async function startServer({ data = temporaryDirectory(), env = {}, args = [], mayFail = false, bootstraps = true } = {}) {
  const isFirst = bootstraps && (!existsSync(data) || readdirSync(data).length === 0);
  const bootstrap = bootstraps ? ['--bootstrap'] : [];
  const child = spawn(binary(), ['serve', ...bootstrap, '--port', '0', '--data', data, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = new Server(child, data);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const isUp = () => server.url && server.operatorUrl && (server.rootKey || !isFirst) && server.stdout.endsWith('\n');
  while (server.running && !isUp()) {
    await Promise.race([once(child.stdout, 'data'), server.exited]);
  }
  clearTimeout(timer);
  if (!server.running && !mayFail) throw new Error(`keyfold did not start:\n${server.output}`);
  return server;
}
