// Real Kafka brokers to be measured on, and Kafka's own programs as references.
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OPS_KAFKA = join(dirname(fileURLToPath(import.meta.url)), '../../ops/kafka');
const PRODUCED = 50_000;
const WARM_UP = 50_000;
const ROUND_TRIPS = 2_000;

export class Brokers {
  static async start(directory, { brokers, properties }) {
    const started = new Brokers();
    started.directory = directory;
    const { stdout } = await run(OPS_KAFKA, ['up', '--c2', '--heap', '512m', '--dir', directory, '--brokers', String(brokers),
      ...properties.flatMap((property) => ['--property', property])]);
    [, started.addresses] = stdout.match(/^brokers: (\S+)/m);
    await started.#tool('TopicCommand', '--bootstrap-server', started.addresses, '--create', '--topic', 'reference',
      '--partitions', '1');
    return started;
  }

  stop() { return run(OPS_KAFKA, ['down', '--dir', this.directory]); }

  async #tool(name, ...args) {
    const { stdout } = await run(OPS_KAFKA, ['tool', `org.apache.kafka.tools.${name}`, ...args]);
    return stdout;
  }

  /** What one broker keeps of a topic. */
  bytesOf(topic) {
    const data = join(this.directory, '1', 'data');
    const partitions = readdirSync(data).filter((name) => name.replace(/-\d+$/, '') === topic);
    const segments = partitions.flatMap((name) => readdirSync(join(data, name)).filter((file) => file.endsWith('.log'))
      .map((file) => join(data, name, file)));
    return segments.reduce((sum, file) => sum + statSync(file).size, 0);
  }

  /** How many records a second Kafka's producer hands over, which waits for all replicas but never for an answer. */
  async producedPerSecond(recordBytes) {
    const text = await this.#tool('ProducerPerformance', '--bootstrap-server', this.addresses, '--topic', 'reference',
      '--num-records', String(WARM_UP + PRODUCED), '--warmup-records', String(WARM_UP), '--throughput', '-1',
      '--record-size', String(recordBytes), '--command-property', 'acks=all');
    const rates = [...text.matchAll(/ ([\d.]+) records\/sec/g)];
    return Number(rates.at(-1)[1]);
  }

  /** Milliseconds from sending a record to having read it back, one after the other. */
  async roundTripMs(recordBytes) {
    const text = await this.#tool('EndToEndLatency', this.addresses, 'reference', String(ROUND_TRIPS), 'all',
      String(recordBytes));
    const first = Number(text.match(/^0\t([\d.]+)/m)[1]);  // also connects
    const average = Number(text.match(/^Avg latency: ([\d.]+) ms/m)[1]);
    return (average * ROUND_TRIPS - first) / (ROUND_TRIPS - 1);
  }
}
