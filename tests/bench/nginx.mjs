// The reference of the verification: nginx answering every request with one static body.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WORKERS = 2;  // as many as keyfold has I/O threads
const START_TRIES = 100;

const configuration = (directory, port, body) => `
worker_processes ${WORKERS};
daemon off;
pid ${directory}/pid;
error_log ${directory}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port} reuseport;
    default_type application/json;
    location / { return 200 '${body}'; }
  }
}
`;

/** A port that was free a moment ago: nginx can't choose one itself. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export class Nginx {
  constructor(child, port) {
    this.child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts nginx with its files under `directory`; every answer's body is `body` (no quotes or variables). */
  static async start(directory, body) {
    if (/['$\\]/.test(body)) throw new Error('the body would need escaping in an nginx configuration');
    mkdirSync(directory, { recursive: true });
    const port = await freePort();
    const file = join(directory, 'nginx.conf');
    writeFileSync(file, configuration(directory, port, body));
    const child = spawn('nginx', ['-p', directory, '-c', file, '-e', join(directory, 'error.log')], { stdio: 'inherit' });
    const nginx = new Nginx(child, port);
    for (let i = 0; i < START_TRIES && nginx.workers().length < WORKERS; i += 1) await sleep(50);
    if (nginx.workers().length < WORKERS) throw new Error('nginx did not start');
    return nginx;
  }

  /** Process ids of the workers. */
  workers() {
    const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8');
    return children.split(' ').filter((pid) => pid !== '').map(Number);
  }

  async stop() {
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGTERM');
    await ended;
  }
}
