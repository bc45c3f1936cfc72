// Nodes on Kafka to be measured: one, then three of which two forward.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Nodes } from '../cluster/lib/nodes.mjs';
import { Caller } from '../conformance/lib/http.mjs';
import { Brokers } from './brokers.mjs';
import { medians } from './measure.mjs';
import { measure } from './target.mjs';

const NODES = 3;
const CLIENTS = [1, 64];

export class MeasuredNodes extends Nodes {
  /** Nodes with the defaults, apart from these options of [kafka], and one API. */
  static async begin(brokers, directory, count, kafka) {
    const place = { urlOf: () => `kafka://${brokers.addresses}`, kafka };
    const nodes = await this.start(place, directory, count);
    nodes.caller = new Caller(nodes.clients[0], nodes.rootKey);
    const answer = await nodes.caller.call('apis.createApi', { name: 'bench' });
    nodes.apiId = answer.data.apiId;
    nodes.partition = Number(answer.headers['x-keyfold-position'].split(':')[0]);
    return nodes;
  }

  config(node) {
    const file = join(this.directory, `node${node}.toml`);
    const kafka = Object.entries(this.broker.kafka).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    writeFileSync(file, [`[log]\nurl = "${this.broker.urlOf(node)}"`, '[kafka]', ...kafka,
      `[vault]\nmaster_key = "${this.masterKey}"`, `[cluster]\nnode_id = "node${node}"`, '[logging]\nlevel = "error"\n',
    ].join('\n'));
    return file;
  }

  /** All of its commands go to one partition. */
  get env() { return { KEYFOLD_BENCH_ROOT_KEY: this.rootKey, KEYFOLD_BENCH_API: this.apiId }; }

  async nextSequence() { return (await this.status(0)).partitions[this.partition].next; }
}

/** createKey through these nodes, the clients shared out among them; the slowest node's latencies. */
async function create(nodes, through, connections, seconds) {
  const runs = await Promise.all(through.map((node, at) => {
    const share = Math.floor((connections + at) / through.length);
    return measure({ url: nodes.servers[node].url, script: 'create.lua', connections: share, seconds, env: nodes.env,
      pids: [nodes.servers[node].pid] });
  }));
  return { perSecond: runs.reduce((sum, one) => sum + one.perSecond, 0), p50Ms: Math.max(...runs.map((one) => one.p50Ms)),
    p99Ms: Math.max(...runs.map((one) => one.p99Ms)) };
}

/** What a command leaves on the log: records, and bytes of each. */
async function sizeOf(brokers, nodes, seconds) {
  const before = { bytes: brokers.bytesOf('keyfold.events'), next: await nodes.nextSequence() };
  const { perSecond } = await create(nodes, [0], 1, seconds);
  const records = (await nodes.nextSequence()) - before.next;
  return { recordBytes: Math.round((brokers.bytesOf('keyfold.events') - before.bytes) / records),
    recordsPerCommand: Math.round(records / (perSecond * seconds)) };
}

/** Durable commands beside Kafka's own producer. */
export async function benchKafka(options, directory) {
  const brokers = await Brokers.start(join(directory, 'kafka'), options);
  let nodes;
  try {
    nodes = await MeasuredNodes.begin(brokers, directory, 1, {});
    const size = await sizeOf(brokers, nodes, options.seconds);
    const rows = [];
    const references = [];
    const row = async (name, through, clients) => {
      const ours = [];
      for (let round = 0; round < options.rounds; round += 1) {
        ours.push(await create(nodes, through, clients, options.seconds));
      }
      rows.push({ name, clients, ours: medians(ours) });
      references.push({ producedPerSecond: await brokers.producedPerSecond(size.recordBytes),
        roundTripMs: await brokers.roundTripMs(size.recordBytes) });
    };
    for (const clients of CLIENTS) await row('one node', [0], clients);
    for (let node = 1; node < NODES; node += 1) await nodes.startNode(node);
    await nodes.settle();
    const owner = await nodes.ownerOf(nodes.partition);
    const others = [0, 1, 2].filter((node) => node !== owner);
    await row('three nodes, forwarded', others.slice(0, 1), 1);
    await row('three nodes, two of three forward', [owner, ...others], 64);
    return { ...size, rows, reference: medians(references) };
  } finally {
    await nodes?.stop();
    await brokers.stop();
  }
}
