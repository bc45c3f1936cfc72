// How long a busy partition is without an owner after its owner was killed.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '../conformance/lib/http.mjs';
import { Brokers } from './brokers.mjs';
import { MeasuredNodes } from './cluster.mjs';

const NODES = 3;
const BUSY_CLIENTS = 8;  // at each node
const BUSY_MS = 1_000;
const RETRY_MS = 10;
const SESSION_MS = [6_000, 1_500];  // the default, and a short one
const NUMBERS = Array.from({ length: NODES }, (_, node) => node);

/** Whether the node takes a command now. */
async function takes(nodes, node) {
  const caller = new Caller(nodes.clients[node], nodes.rootKey);
  const answer = await caller.call('keys.createKey', { apiId: nodes.apiId }).catch(() => undefined);
  return answer?.status === 200;
}

async function untilTaken(nodes, node) {
  while (!await takes(nodes, node)) await sleep(RETRY_MS);
}

/** Keeps all nodes busy until the returned function is called. */
function keepBusy(nodes) {
  let isOver = false;
  const client = async (node) => {
    while (!isOver) if (!await takes(nodes, node)) await sleep(RETRY_MS);
  };
  const clients = NUMBERS.flatMap((node) => Array.from({ length: BUSY_CLIENTS }, () => client(node)));
  return () => {
    isOver = true;
    return Promise.all(clients);
  };
}

/** Waits until every node owns something: a node that has come back is given partitions of others a while later. */
async function shared(nodes) {
  for (;;) {
    await nodes.settle();
    const { partitions } = await nodes.status(0);
    if (new Set(partitions.map((one) => one.owner)).size === NODES) return;
    await sleep(RETRY_MS);
  }
}

/** Kills the owner and returns how long it took until both other nodes had taken a command; then starts it again. */
async function failOver(nodes) {
  await shared(nodes);
  const calm = keepBusy(nodes);
  await sleep(BUSY_MS);
  const owner = await nodes.ownerOf(nodes.partition);
  const start = performance.now();
  nodes.signal(owner, 'SIGKILL');
  await nodes.servers[owner].exited;
  await Promise.all(NUMBERS.filter((node) => node !== owner).map((node) => untilTaken(nodes, node)));
  const seconds = (performance.now() - start) / 1000;
  await calm();
  await nodes.startNode(owner);
  return seconds;
}

export async function benchFailOver(options, directory) {
  const brokers = await Brokers.start(join(directory, 'kafka'), options);
  try {
    const rows = [];
    for (const sessionMs of SESSION_MS) {
      const kafka = { topic_prefix: `session${sessionMs}`, session_timeout_ms: sessionMs };
      const place = join(directory, kafka.topic_prefix);
      mkdirSync(place);
      const nodes = await MeasuredNodes.begin(brokers, place, NODES, kafka);
      try {
        const seconds = [];
        for (let round = 0; round < options.rounds; round += 1) seconds.push(await failOver(nodes));
        rows.push({ sessionMs, seconds });
      } finally {
        await nodes.stop();
      }
    }
    return { rows };
  } finally {
    await brokers.stop();
  }
}
