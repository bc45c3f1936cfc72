// The results as tables, each with the command behind it.
import { median } from './measure.mjs';
import { RECORD_BYTES } from './raw.mjs';

function print(title, notes, head, rows) {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padStart(widths[column])).join(' | ')} |`;
  console.log(`\n${title}`);
  for (const note of notes) console.log(`  ${note}`);
  console.log(line(head));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const row of rows) console.log(line(row));
}

const rate = (value) => Math.round(value).toLocaleString('en-US');
const fixed = (digits) => (value) => value.toFixed(digits);

/** `ratio`: CPU of keyfold over CPU of nginx (smaller is better); `throughput`: keyfold's over nginx's. */
export function printVerify(options, { answerBytes, rows }) {
  print('keys.verifyKey over HTTP beside nginx "return 200"', [
    `${rate(options.keys)} keys, answer ${answerBytes} bytes, median of ${options.rounds} alternating runs of ${options.seconds} s`,
    'wrk -t1 -cCONNECTIONS -s tests/bench/wrk/post.lua URL, for both',
  ], ['connections', 'keyfold/s', 'nginx/s', 'throughput', 'keyfold CPU us', 'nginx CPU us', 'CPU ratio', 'p50 ms', 'p99 ms'],
  rows.map(({ connections, ours, theirs }) => [String(connections), rate(ours.perSecond), rate(theirs.perSecond),
    fixed(2)(ours.perSecond / theirs.perSecond), fixed(1)(ours.cpuUs), fixed(1)(theirs.cpuUs),
    fixed(2)(ours.cpuUs / theirs.cpuUs), fixed(2)(ours.p50Ms), fixed(2)(ours.p99Ms)]));
}

/** `ratio`: keyfold's throughput over that of bare RocksDB (greater is better). */
export function printCreate(options, { rows }) {
  print('durable keys.createKey over HTTP beside bare RocksDB', [
    `median of ${options.rounds} alternating runs of ${options.seconds} s; both sync every write, ${RECORD_BYTES} bytes a record`,
    `wrk -t1 -cCLIENTS -s tests/bench/wrk/create.lua URL; raw_group_commit DIRECTORY CLIENTS ${options.seconds} ${RECORD_BYTES}`,
  ], ['clients', 'keyfold/s', 'RocksDB/s', 'ratio', 'keyfold CPU us', 'keyfold p50 ms', 'keyfold p99 ms', 'RocksDB p50 ms', 'RocksDB p99 ms'],
  rows.map(({ connections, ours, theirs }) => [String(connections), rate(ours.perSecond), rate(theirs.perSecond),
    fixed(2)(ours.perSecond / theirs.perSecond), fixed(1)(ours.cpuUs), fixed(2)(ours.p50Ms), fixed(2)(ours.p99Ms),
    fixed(2)(theirs.p50Ms), fixed(2)(theirs.p99Ms)]));
}

/** `ratio`: over the plain verification of the same run. */
export function printHotPaths(options, { connections, rows }) {
  const [plain] = rows;
  print('what clients ask all the time, beside a plain verification', [
    `${connections} connections, median of ${options.rounds} alternating runs of ${options.seconds} s`,
    `wrk -t1 -c${connections} -s tests/bench/wrk/post.lua URL`,
  ], ['request', 'per second', 'throughput', 'CPU us', 'CPU ratio', 'p50 ms', 'p99 ms'],
  rows.map((row) => [row.name, rate(row.perSecond), fixed(2)(row.perSecond / plain.perSecond), fixed(1)(row.cpuUs),
    fixed(2)(row.cpuUs / plain.cpuUs), fixed(2)(row.p50Ms), fixed(2)(row.p99Ms)]));
}

const MARK_BYTES_PER_KEY = 135;
const MARK_KEYS_PER_SECOND = 5_000_000;

/** Ratios over the marks of prototypes: 135 bytes a key, 5 million keys a second from a closed directory. */
export function printKeyMemory({ rows }) {
  print('the index of keys: memory, and time from a stored directory', [
    'key_index_memory fill|load DIRECTORY KEYS; names of 8 characters, one in four with an identity of its own',
  ], ['keys', 'index bytes/key', 'of mark', 'process bytes/key', 'load s', 'of mark', 'look-up ns'],
  rows.map((row) => [rate(row.keys), fixed(0)(row.indexBytes / row.keys), fixed(2)(row.indexBytes / row.keys / MARK_BYTES_PER_KEY),
    fixed(0)(row.processBytes / row.keys), fixed(2)(row.seconds), fixed(2)(row.seconds / (row.keys / MARK_KEYS_PER_SECOND)),
    fixed(0)(row.lookUpNs)]));
}

/** Ratios: times of keyfold, which also decides and stores the change, over those of the program that only writes. */
export function printSubscribers({ subscribers, bytes, threads, bytesPerSubscriber, cpuUs, ours, theirs }) {
  const row = (name, { firstMs, p50Ms, p99Ms, lastMs }) => [name, ...[firstMs, p50Ms, p99Ms, lastMs].map(fixed(1))];
  const ratio = ['p50Ms', 'p99Ms', 'lastMs'].map((name) => fixed(2)(ours[name] / theirs[name]));
  print(`one event to ${rate(subscribers)} subscribers: milliseconds from the request on until they have it`, [
    `${bytes} bytes each; the server has ${threads} threads, and ${rate(bytesPerSubscriber)} bytes of resident memory for each of them`,
    `CPU of the server: ${fixed(1)(cpuUs)} us a subscriber and event`,
    'event_fan_out keyfold PORT SUBSCRIBERS 20; event_fan_out reference BYTES SUBSCRIBERS 20; medians',
  ], ['', 'first', 'p50', 'p99', 'last'], [row('keyfold', ours), row('bare writes', theirs), ['ratio', '', ...ratio]]);
}

/** `ratio`: over reading the same bytes with nothing but RocksDB. */
export function printReplay({ rows }) {
  print('a log folded into all read models, and the state at 20 moments with a snapshot every 100,000 events', [
    'replay_speed DIRECTORY EVENTS PARTITIONS; the plain read is RocksDB iterating over the same database',
  ], ['events', 'partitions', 'MiB', 'plain read s', 'fold s', 'ratio', 'events/s', 'as-of median s', 'as-of max s'],
  rows.map((row) => [rate(row.events), String(row.partitions), fixed(0)(row.bytes / 1_048_576), fixed(2)(row.readS), fixed(2)(row.foldS),
    fixed(1)(row.foldS / row.readS), rate(row.events / row.foldS), fixed(2)(row.asOfMedianS), fixed(2)(row.asOfMaxS)]));
}

const brokersOf = ({ brokers, properties }) =>
  [brokers === 1 ? '1 broker' : `${brokers} brokers, 2 of them in sync at least`, ...properties].join(', ');

/** Ratios: over one record after the other that is read back, and over a producer that never waits for an answer. */
export function printKafka(options, { recordBytes, recordsPerCommand, rows, reference }) {
  const trips = 1000 / reference.roundTripMs;
  print("durable keys.createKey on Kafka beside Kafka's own programs", [
    `${brokersOf(options)}; acks=all; records a command: ${recordsPerCommand}, ${recordBytes} bytes each, all to one partition`,
    `median of ${options.rounds} runs of ${options.seconds} s; latencies of the slowest node; the references after each case`,
    'wrk -t1 -cCLIENTS -s tests/bench/wrk/create.lua URL, for each node',
    `EndToEndLatency, one client: ${fixed(2)(reference.roundTripMs)} ms, ${rate(trips)} records/s`,
    `ProducerPerformance --throughput -1 --record-size ${recordBytes}: ${rate(reference.producedPerSecond)} records/s`,
  ], ['through', 'clients', 'keyfold/s', 'p50 ms', 'p99 ms', 'over EndToEnd', 'over Producer'],
  rows.map(({ name, clients, ours }) => [name, String(clients), rate(ours.perSecond), fixed(2)(ours.p50Ms), fixed(2)(ours.p99Ms),
    clients === 1 ? fixed(2)(ours.perSecond / trips) : '',
    clients === 1 ? '' : fixed(2)(ours.perSecond / reference.producedPerSecond)]));
}

export function printFailOver(options, { rows }) {
  print('the owner of a busy partition is killed: seconds until both other nodes have taken a command', [
    `${brokersOf(options)}; 3 nodes, ${options.rounds} rounds`,
  ], ['session time-out s', 'median', 'max'],
  rows.map(({ sessionMs, seconds }) => [fixed(1)(sessionMs / 1000), fixed(2)(median(seconds)), fixed(2)(Math.max(...seconds))]));
}
