// Clients that do everything a client can do, as fast as they can, until the server is gone.
import assert from 'node:assert/strict';
import { Key } from './model.mjs';
import { random } from './schedule.mjs';

export const CLIENTS = 24;
const CREDITS = 1_000_000;

/** The answer, or nothing when the connection broke or the server could not say what became of the command. */
async function attempt(caller, operation, body, idempotencyKey) {
  const headers = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
  let answer;
  try {
    answer = await caller.call(operation, body, headers);
  } catch {
    return undefined;
  }
  if (answer.status === 503) return undefined;
  assert.equal(answer.status, 200, `${operation} answered ${answer.status}: ${answer.text}`);
  return answer;
}

/** One client: works on keys of its own, so that it knows the order of everything that it asked for. */
class ClientOfRound {
  constructor(caller, round, counters, index) {
    this.caller = caller;
    this.round = round;
    this.counters = counters;
    this.index = index;
    this.next = random(round.plan.seed + index);
    this.keys = [];
    this.steps = 0;
  }

  /** Works until an answer fails to come. */
  async run() {
    while (await this.#step()) this.steps += 1;
  }

  #step() {
    const choice = this.next();
    const key = this.keys[Math.floor(this.next() * this.keys.length)];
    if (key === undefined || choice < 0.4) return this.#create(choice < 0.2);
    if (choice < 0.75) return this.#spend(key, choice < 0.55);
    if (choice < 0.92) return this.#rename(key);
    return this.#remove(key);
  }

  #text(what) { return `${what}-${this.round.plan.number}-${this.index}-${this.steps}`; }

  #acknowledged(kind) {
    this.counters.acknowledged += 1;
    this.counters[kind] += 1;
    return true;
  }

  async #create(isIdempotent) {
    const body = { apiId: this.round.apiId, name: this.#text('name'), externalId: this.#text('owner'), credits: { remaining: CREDITS } };
    const idempotencyKey = isIdempotent ? this.#text('create') : undefined;
    const answer = await attempt(this.caller, 'keys.createKey', body, idempotencyKey);
    if (answer === undefined) {
      this.counters.pending += 1;
      if (isIdempotent) this.round.retries.push({ operation: 'keys.createKey', body, idempotencyKey });
      else this.round.createsPending += 1;
      return false;
    }
    const key = new Key(answer.data, body, idempotencyKey);
    this.keys.push(key);
    this.round.keys.push(key);
    return this.#acknowledged('created');
  }

  async #spend(key, isIdempotent) {
    const body = { key: key.key };
    const idempotencyKey = isIdempotent ? this.#text('spend') : undefined;
    const answer = await attempt(this.caller, 'keys.verifyKey', body, idempotencyKey);
    if (answer === undefined) {
      this.counters.pending += 1;
      if (isIdempotent) this.round.retries.push({ operation: 'keys.verifyKey', body, idempotencyKey, key });
      else key.spentPending += 1;
      return false;
    }
    assert.equal(answer.data.code, 'VALID', answer.text);
    key.spent += 1;
    assert.equal(answer.data.credits, key.credits - key.spent, `a spend was lost or doubled: ${answer.text}`);
    return this.#acknowledged('spent');
  }

  async #rename(key) {
    const name = this.#text('renamed');
    key.namePending = name;
    const answer = await attempt(this.caller, 'keys.updateKey', { keyId: key.keyId, name });
    if (answer === undefined) {
      this.counters.pending += 1;
      return false;
    }
    key.name = name;
    key.namePending = undefined;
    return this.#acknowledged('updated');
  }

  async #remove(key) {
    key.state = 'deleting';
    this.keys.splice(this.keys.indexOf(key), 1);
    const answer = await attempt(this.caller, 'keys.deleteKey', { keyId: key.keyId });
    if (answer === undefined) {
      this.counters.pending += 1;
      return false;
    }
    key.state = 'deleted';
    return this.#acknowledged('deleted');
  }
}

/** Makes the round's API and lets all clients work until the server is gone. */
export async function workUntilDeath(caller, round, counters) {
  const made = await attempt(caller, 'apis.createApi', { name: `round ${round.plan.number}` });
  if (made === undefined) return;
  round.apiId = made.data.apiId;
  const clients = Array.from({ length: CLIENTS }, (_, index) => new ClientOfRound(caller, round, counters, index));
  await Promise.all(clients.map((client) => client.run()));
}
