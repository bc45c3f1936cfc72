// A receiver of webhooks: a real HTTP server on loopback that keeps what it gets and answers as it is told.
import { once } from 'node:events';
import http from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 30_000;

const QUICK = {
  schemes: 'any',
  allowed_networks: '127.0.0.0/8',
  retry_delays: '50ms, 50ms, 100ms, 100ms',
  record_interval_ms: 50,
  timeout_ms: 1000,
};

/** What a server needs to send to loopback, quickly: arguments for startServer. `more` are further options. */
export function webhookArgs(directory, more = {}) {
  const file = join(directory, 'webhooks.toml');
  const lines = Object.entries({ ...QUICK, ...more }).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(file, ['[webhooks]', ...lines, ''].join('\n'));
  return ['--config', file];
}

/** Asks again and again until it gets something true; what that was. */
export async function until(question, what) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`it did not come to this: ${what}`);
    await sleep(10);
  }
}

export class Receiver {
  /** `respond(request, response, delivery)` answers; 204 unless it is changed. */
  constructor() {
    this.deliveries = [];  // {path, headers, body, event}
    this.respond = (request, response) => response.writeHead(204).end();
    this.server = http.createServer(async (request, response) => {
      const chunks = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return;  // the sender was killed
      }
      const body = Buffer.concat(chunks).toString();
      const delivery = { method: request.method, path: request.url, headers: request.headers, body, event: JSON.parse(body) };
      this.deliveries.push(delivery);
      this.respond(request, response, delivery);
    });
  }

  static async start() {
    const receiver = new Receiver();
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  get url() { return `http://127.0.0.1:${this.server.address().port}`; }

  /** From now on every request gets that status. */
  answer(status, headers = {}, body = '') {
    this.respond = (request, response) => response.writeHead(status, headers).end(body);
  }

  at(path) { return this.deliveries.filter((delivery) => delivery.path === path); }

  /** Waits until so many requests have come to the path; all of them. */
  async expect(path, count) {
    return until(() => this.at(path).length >= count && this.at(path), `${count} deliveries at ${path}`);
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
