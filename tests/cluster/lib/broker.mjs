// A real Kafka broker that each node reaches through a proxy of its own, so that one node can be cut off.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OPS_KAFKA = join(dirname(fileURLToPath(import.meta.url)), '../../../ops/kafka');

/** Ports that are free right now, all different. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => { server.close(done); })));
  return ports;
}

/** Passes connections on to a port until it is cut. */
class Proxy {
  constructor(port, target) {
    this.port = port;
    this.isCut = false;
    this.sockets = new Set();
    this.server = net.createServer((client) => this.#pass(client, target)).listen(port, '127.0.0.1');
  }

  #pass(client, target) {
    if (this.isCut) return client.destroy();
    const broker = net.connect(target, '127.0.0.1');
    for (const [from, to] of [[client, broker], [broker, client]]) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => { this.sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
    return undefined;
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() { this.isCut = false; }

  async close() {
    this.cut();
    await new Promise((done) => { this.server.close(done); });
  }
}

export class Broker {
  /** Starts a broker with a listener and a proxy for each node. */
  static async start(directory, nodes) {
    const broker = new Broker();
    broker.directory = directory;
    const [port, controller, ...others] = await freePorts(2 + 2 * nodes);
    broker.url = `kafka://127.0.0.1:${port}`;
    const name = (node) => `NODE${node}`;
    const numbers = Array.from({ length: nodes }, (_, node) => node);
    broker.properties = [
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller},${
        numbers.map((node) => `${name(node)}://127.0.0.1:${others[node]}`).join(',')}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port},${
        numbers.map((node) => `${name(node)}://127.0.0.1:${others[nodes + node]}`).join(',')}`,
      `listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,${
        numbers.map((node) => `${name(node)}:PLAINTEXT`).join(',')}`,
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
    ];
    broker.port = port;
    broker.proxies = numbers.map((node) => new Proxy(others[nodes + node], others[node]));
    await broker.up();
    return broker;
  }

  /** Where that node finds the broker. */
  urlOf(node) { return `kafka://127.0.0.1:${this.proxies[node].port}`; }

  up() {
    const properties = this.properties.flatMap((property) => ['--property', property]);
    return run(OPS_KAFKA, ['up', '--dir', this.directory, '--port', String(this.port), ...properties]);
  }

  /** Ends the broker and keeps its data. */
  down() { return run(OPS_KAFKA, ['down', '--dir', this.directory, '--keep']); }

  async dispose() {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await run(OPS_KAFKA, ['down', '--dir', this.directory]);
  }
}
