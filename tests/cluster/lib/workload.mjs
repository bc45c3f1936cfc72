// Clients that ask any node, and know what must have happened.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '../../conformance/lib/http.mjs';
import { random } from '../../crash/schedule.mjs';

const CREDITS = 1_000_000;
const RETRY_MS = 20;
const RETRIES_END_MS = 60_000;
const UNKNOWN = 'urn:keyfold:error:unknown_outcome';

/** What became of a request, where it is not a 200. */
function isUncertain(answer) {
  return answer === undefined || answer.status === 408 || answer.error?.type === UNKNOWN;
}

/** One client with a key of its own; one request at a time, to any node. */
class ClusterClient {
  constructor(nodes, seed, name) {
    this.nodes = nodes;
    this.next = random(seed);
    this.name = name;
    this.steps = 0;
    this.spent = 0;        // credits whose spending was acknowledged, or repeated until it was
    this.uncertain = 0;    // that may have been spent
    this.position = undefined;
    this.recorded = [];    // {body, idempotencyKey, data} of acknowledged creations
  }

  async #ask(operation, body, headers = {}) {
    const node = Math.floor(this.next() * this.nodes.count);
    try {
      const answer = await new Caller(this.nodes.clients[node], this.nodes.rootKey).call(operation, body, headers);
      const position = answer.headers['x-keyfold-position'];
      if (position !== undefined) this.position = position;
      return answer;
    } catch {
      return undefined;  // the node is gone
    }
  }

  /** Repeats under one Idempotency-Key, at any node, until it is answered. */
  async #insist(operation, body, idempotencyKey) {
    let answer;
    for (const end = Date.now() + RETRIES_END_MS; Date.now() < end; await sleep(RETRY_MS)) {
      answer = await this.#ask(operation, body, { 'Idempotency-Key': idempotencyKey, ...this.#after() });
      if (answer?.status === 200) return answer.data;
      this.counters.retries += 1;
      if (answer !== undefined) assert.ok([503, 408].includes(answer.status), `${operation}: ${answer.status} ${answer.text}`);
    }
    throw new Error(`${this.name}: ${operation} got no answer in time: ${answer?.text}`);
  }

  async begin(apiId, position) {
    this.apiId = apiId;
    this.position = position;
    const body = { apiId, name: this.name, credits: { remaining: CREDITS } };
    const made = await this.#insist('keys.createKey', body, `${this.name}-begin`);
    this.key = made.key;
  }

  async work(counters, isOver) {
    this.counters = counters;
    while (!isOver()) await this.#step();
  }

  async #step() {
    this.steps += 1;
    const choice = this.next();
    if (choice < 0.35) return this.#spendOnce();
    if (choice < 0.7) return this.#spendSurely();
    if (choice < 0.8) return this.#create();
    return this.#look();
  }

  /** Without an Idempotency-Key: whatever is not answered may have happened, an error says that it did not. */
  async #spendOnce() {
    const answer = await this.#ask('keys.verifyKey', { key: this.key }, this.#after());
    if (answer?.status === 200) {
      assert.equal(answer.data.code, 'VALID', answer.text);
      this.spent += 1;
      this.counters.acknowledged += 1;
    } else if (isUncertain(answer)) {
      this.uncertain += 1;
      this.counters.uncertain += 1;
    } else {
      assert.equal(answer.status, 503, answer.text);
      assert.ok(answer.headers['retry-after'], 'a 503 says when to retry');
      this.counters.refused += 1;
      await sleep(RETRY_MS);
    }
  }

  async #spendSurely() {
    const data = await this.#insist('keys.verifyKey', { key: this.key }, `${this.name}-${this.steps}`);
    assert.equal(data.code, 'VALID');
    this.spent += 1;
    this.counters.acknowledged += 1;
  }

  async #create() {
    const idempotencyKey = `${this.name}-${this.steps}`;
    const body = { apiId: this.apiId, name: idempotencyKey };
    const data = await this.#insist('keys.createKey', body, idempotencyKey);
    this.recorded.push({ body, idempotencyKey, data });
    this.counters.acknowledged += 1;
  }

  #after() { return this.position === undefined ? {} : { 'X-Keyfold-Position': this.position }; }

  /** What any node shows to a request that names the last position has everything up to it. */
  async #look() {
    const answer = await this.#ask('keys.verifyKey', { key: this.key, credits: { cost: 0 } }, this.#after());
    if (answer === undefined || answer.status === 503 || answer.status === 408) return;
    this.#checkBalance(answer);
    this.counters.looks += 1;
  }

  #checkBalance(answer) {
    assert.equal(answer.status, 200, answer.text);
    const spent = CREDITS - answer.data.credits;
    assert.ok(spent >= this.spent && spent <= this.spent + this.uncertain,
      `${this.name}: ${spent} credits are spent, ${this.spent} were acknowledged, ${this.uncertain} uncertain`);
  }

  /** Once everything is well again: every node shows the same, and repeats give the same answers. */
  async check() {
    for (let node = 0; node < this.nodes.count; node += 1) {
      const caller = new Caller(this.nodes.clients[node], this.nodes.rootKey);
      const body = { key: this.key, credits: { cost: 0 } };
      this.#checkBalance(await caller.call('keys.verifyKey', body, this.#after()));
    }
    for (const { body, idempotencyKey, data } of this.recorded) {
      assert.deepEqual(await this.#insist('keys.createKey', body, idempotencyKey), data, `another answer under ${idempotencyKey}`);
      const seen = await this.#ask('keys.verifyKey', { key: data.key }, this.#after());
      assert.equal(seen.data?.code, 'VALID', `${data.keyId}: ${seen.text}`);
    }
    this.recorded = this.recorded.slice(-3);
  }
}

export class Workload {
  /** Clients of one workspace, whose partition is that of the position that they are given. */
  static async begin(nodes, count, seed) {
    const load = new Workload();
    load.clients = Array.from({ length: count }, (_, index) => new ClusterClient(nodes, seed + index, `client${index}`));
    const answer = await new Caller(nodes.clients[0], nodes.rootKey).call('apis.createApi', { name: 'cluster' });
    assert.equal(answer.status, 200, answer.text);
    load.partition = Number(answer.headers['x-keyfold-position'].split(':')[0]);
    load.counters = { acknowledged: 0, uncertain: 0, refused: 0, retries: 0, looks: 0 };
    for (const client of load.clients) client.counters = load.counters;
    await Promise.all(load.clients.map((client) => client.begin(answer.data.apiId, answer.headers['x-keyfold-position'])));
    return load;
  }

  /** Lets all clients work while `blow` happens, and a while longer; then checks what each of them knows. */
  async during(blow, afterMs = 1_500) {
    let isOver = false;
    const before = { ...this.counters };
    const working = Promise.all(this.clients.map((client) => client.work(this.counters, () => isOver)));
    await Promise.race([blow(), working]);
    await Promise.race([sleep(afterMs), working]);
    isOver = true;
    await working;
    await Promise.all(this.clients.map((client) => client.check()));
    return Object.fromEntries(Object.entries(this.counters).map(([name, count]) => [name, count - before[name]]));
  }
}
