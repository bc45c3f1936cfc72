import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, Client } from '../conformance/lib/http.mjs';
import { keyfold } from '../conformance/lib/cli.mjs';
import { removeDirectory, startServer, temporaryDirectory } from '../conformance/lib/server.mjs';
import { Broker } from './lib/broker.mjs';
import { Nodes } from './lib/nodes.mjs';
import { Workload } from './lib/workload.mjs';

const NODES = 3;
const CLIENTS = 9;
const KILLS = 4;
const SESSION_MS = 1_500;  // as lib/nodes.mjs configures it

const directory = temporaryDirectory('cluster');
const seed = Number(process.env.KEYFOLD_CLUSTER_SEED ?? Date.now() % 2 ** 31);
let broker;
let nodes;
let load;

before(async () => {
  console.log(`seed: ${seed}; directory: ${directory}`);
  broker = await Broker.start(join(directory, 'kafka'), NODES);
  nodes = await Nodes.start(broker, directory, NODES);
  await nodes.settle();
  load = await Workload.begin(nodes, CLIENTS, seed);
});

after(async () => {
  await nodes?.stop();
  await broker?.dispose();
  removeDirectory(directory);
});

/** Everything that must hold once all is well again. */
async function expectWhole(counts) {
  await nodes.settle();
  await nodes.converge();
  console.log(`  ${Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join(', ')}`);
  assert.ok(counts.acknowledged > 0, 'nothing was acknowledged at all');
}

test('every node answers for every partition, and shows what another one has just changed', async () => {
  const counts = await load.during(() => sleep(1_000), 0);
  assert.equal(counts.uncertain, 0);
  assert.equal(counts.refused, 0);
  await expectWhole(counts);
});

test('an owner that is killed loses nothing, and another one takes over', async () => {
  const counts = await load.during(async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const owner = await nodes.ownerOf(load.partition, kill % NODES);
      nodes.signal(owner, 'SIGKILL');
      await nodes.servers[owner].exited;
      await sleep(2 * SESSION_MS);
      await nodes.startNode(owner);
      await sleep(500);
    }
  });
  await expectWhole(counts);
});

test('an owner that stands still beyond its session gets nothing accepted when it goes on', async () => {
  const counts = await load.during(async () => {
    const owner = await nodes.ownerOf(load.partition);
    nodes.signal(owner, 'SIGSTOP');
    await sleep(3 * SESSION_MS);
    const other = (owner + 1) % NODES;
    assert.notEqual(await nodes.ownerOf(load.partition, other), owner, 'another node took over');
    nodes.signal(owner, 'SIGCONT');
  }, 3_000);
  await expectWhole(counts);
});

test('a node that is cut off from the broker does no harm, and comes back', async () => {
  const counts = await load.during(async () => {
    const owner = await nodes.ownerOf(load.partition);
    broker.proxies[owner].cut();
    await sleep(3 * SESSION_MS);
    broker.proxies[owner].mend();
  }, 3_000);
  await expectWhole(counts);
});

test('the broker can be restarted under load', async () => {
  const counts = await load.during(async () => {
    await broker.down();
    await sleep(500);
    await broker.up();
  }, 5_000);
  await expectWhole(counts);
});

test('nodes can be restarted one after the other, and clients that repeat notice nothing', async () => {
  const counts = await load.during(async () => {
    for (let node = 0; node < NODES; node += 1) {
      const result = await nodes.servers[node].stop();
      assert.deepEqual(result, { code: 0, signal: null }, nodes.servers[node].output);
      await nodes.startNode(node);
      await nodes.settle();
    }
  });
  assert.equal(counts.uncertain > 0 && counts.acknowledged === 0, false);
  await expectWhole(counts);
});

test('one identifier that is asked for at all nodes at once stays near its limit, and all agree in the end', async () => {
  const limit = 100;
  const ask = async (node) => {
    const caller = new Caller(nodes.clients[node], nodes.rootKey);
    return caller.ok('ratelimit.limit', { namespace: 'shared', identifier: 'one', limit, duration: 3_600_000 });
  };
  await ask(0);  // makes the namespace, as the first of the requests
  let admitted = 1;
  const hammer = async (node) => {
    for (let request = 0; request < 2 * limit; request += 1) {
      if ((await ask(node)).success) admitted += 1;
      await sleep(5);
    }
  };
  await Promise.all([0, 1, 2].map(hammer));
  console.log(`  limit ${limit}, admitted ${admitted}`);
  assert.ok(admitted >= limit, `${admitted} were admitted`);
  assert.ok(admitted <= NODES * limit, 'no node admits more than it would alone');
  for (let node = 0; node < NODES; node += 1) {
    while ((await ask(node)).success) admitted += 1;  // what other nodes' last counts have not reached yet
    assert.equal((await ask(node)).success, false);
  }
});

test('what is on the topic is whole, and a replay of it gives what the nodes have', async () => {
  const live = await nodes.converge();
  const config = ['--config', nodes.config(0), '--log', broker.url];
  const verified = await keyfold(['log', 'verify', ...config]);
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, /log verified/);
  const replayed = await keyfold(['replay', ...config, '--into', join(directory, 'replayed')]);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.equal(replayed.stdout, live);
});

test('the log moves into a data directory, and serves on from there', async () => {
  const key = load.clients[0].key;
  await nodes.stop();
  const alone = join(directory, 'alone');
  const copied = await keyfold(['log', 'copy', '--config', nodes.config(0), '--from', broker.url, '--to', alone]);
  assert.equal(copied.code, 0, copied.stderr);
  assert.match(copied.stdout, /the heads are the source's/);
  const server = await startServer({ data: alone, args: ['--config', nodes.configAlone()], bootstraps: false });
  const client = new Client(server.url);
  try {
    const seen = await new Caller(client, nodes.rootKey).ok('keys.verifyKey', { key, credits: { cost: 0 } });
    assert.equal(seen.code, 'VALID');
  } finally {
    client.close();
    await server.stop();
  }
});
