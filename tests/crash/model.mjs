// What the clients know: every key with what was acknowledged about it and what may or may not have happened.

/** A key as its owner knows it. Pending things become known when the restarted server is asked. */
export class Key {
  constructor(answer, request, idempotencyKey) {
    this.keyId = answer.keyId;
    this.key = answer.key;
    this.request = request;
    this.idempotencyKey = idempotencyKey;
    this.spent = 0;            // credits whose spending was acknowledged
    this.spentPending = 0;     // whose answer never came
    this.name = request.name;
    this.namePending = undefined;
    this.state = 'live';       // or 'deleted', or 'deleting': the answer never came
  }

  get credits() { return this.request.credits.remaining; }
}

/** One round's API and everything that happened in it. */
export class Round {
  constructor(plan) {
    this.plan = plan;
    this.apiId = undefined;
    this.keys = [];
    this.createsPending = 0;     // without an Idempotency-Key: each may have made a key that nobody knows
    this.retries = [];           // {operation, body, idempotencyKey, key?} whose answer never came
    this.listed = undefined;     // ids as the first check after the round found them
  }
}

export class Counters {
  constructor() {
    Object.assign(this, { rounds: 0, diedAtFault: 0, diedAtStart: 0, acknowledged: 0, pending: 0, retried: 0, created: 0,
      updated: 0, deleted: 0, spent: 0, verified: 0, events: 0, digests: 0 });
  }

  toString() { return Object.entries(this).map(([name, value]) => `${name}: ${value}`).join('\n'); }
}
