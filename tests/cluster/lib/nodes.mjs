// The nodes of one cluster, each with a directory and a way to the broker of its own.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../conformance/lib/http.mjs';
import { startServer } from '../../conformance/lib/server.mjs';

const CONVERGE_MS_MAX = 60_000;
const POLL_MS = 100;

export class Nodes {
  /**
   * Starts `count` nodes; the first one makes the first workspace and root key. `clusterOptions(node)` are further lines
   * of a node's section [cluster].
   */
  static async start(broker, directory, count, clusterOptions = () => '') {
    const nodes = new this();
    nodes.clusterOptions = clusterOptions;
    nodes.broker = broker;
    nodes.servers = [];
    nodes.clients = [];
    nodes.masterKey = randomBytes(32).toString('base64');
    nodes.directory = directory;
    for (let node = 0; node < count; node += 1) await nodes.startNode(node);
    nodes.rootKey = nodes.servers[0].rootKey;
    return nodes;
  }

  get count() { return this.servers.length; }

  /** The configuration of a server that takes over the log alone. */
  configAlone() {
    const file = join(this.directory, 'alone.toml');
    writeFileSync(file, `[vault]\nmaster_key = "${this.masterKey}"\n`);
    return file;
  }

  config(node) {
    const file = join(this.directory, `node${node}.toml`);
    writeFileSync(file, `
[log]
url = "${this.broker.urlOf(node)}"
[kafka]
append_timeout_ms = 2000
session_timeout_ms = 1500
[vault]
master_key = "${this.masterKey}"
[cluster]
node_id = "node${node}"
forward_timeout_ms = 3000
outcome_timeout_ms = 15000
${this.clusterOptions(node)}
[logging]
level = "warn"
`);
    return file;
  }

  async startNode(node) {
    const data = join(this.directory, `node${node}`);
    const bootstraps = node === 0 && this.rootKey === undefined;
    this.servers[node] = await startServer({ data, args: ['--config', this.config(node)], bootstraps });
    this.clients[node]?.close();
    this.clients[node] = new Client(this.servers[node].url, 64);
  }

  signal(node, signal) { this.servers[node].child.kill(signal); }

  async status(node) {
    const answer = await fetch(`${this.servers[node].operatorUrl}/cluster`);
    return answer.json();
  }

  /** The node that owns the partition, as that node says. */
  async ownerOf(partition, asked = 0) {
    return Number((await this.status(asked)).partitions[partition].owner.replace('node', ''));
  }

  async digest(node) {
    const answer = await fetch(`${this.servers[node].operatorUrl}/digest`);
    return answer.text();
  }

  /** Waits until all nodes have the same digests, and returns them. */
  async converge() {
    let digests;
    for (const end = Date.now() + CONVERGE_MS_MAX; Date.now() < end; await sleep(POLL_MS)) {
      digests = await Promise.all(this.servers.map((_, node) => this.digest(node)));
      if (digests.every((digest) => digest.length > 0 && digest === digests[0])) return digests[0];
    }
    throw new Error(`the nodes' digests stay different:\n${digests.join('\n')}`);
  }

  /** Waits until every partition has an owner that this node knows to be up. */
  async settle() {
    for (const end = Date.now() + CONVERGE_MS_MAX; Date.now() < end; await sleep(POLL_MS)) {
      const all = await Promise.all(this.servers.map((_, node) => this.status(node)));
      const owned = all.flatMap((status) => status.partitions.filter((one) => one.role === 'owning').map((one) => one.partition));
      if (owned.length === all[0].partitions.length && new Set(owned).size === owned.length) return;
    }
    throw new Error('not every partition has one owner');
  }

  async stop() {
    for (const client of this.clients) client.close();
    return Promise.all(this.servers.map((server) => server.stop()));
  }
}
