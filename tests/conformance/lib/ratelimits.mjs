// What the tests of rate limits need: checks, overrides and namespaces of one world.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsTail, keyfold } from './cli.mjs';
import { expectOk } from './expect.mjs';
import { unique } from './world.mjs';

export const MONTH_MS = 2_592_000_000;  // so that no window ends while a test runs
const POLL_MS = 50;

export class Ratelimits {
  constructor(world) {
    this.world = world;
  }

  /** One check, of a new identifier in the namespace `shared` unless the fields say otherwise. */
  limit(fields = {}, caller = this.world.admin, headers = {}) {
    const body = { namespace: 'shared', identifier: unique('who'), limit: 100, duration: MONTH_MS, ...fields };
    return caller.call('ratelimit.limit', body, headers);
  }

  multi(checks, caller = this.world.admin) { return caller.call('ratelimit.multiLimit', checks); }

  set(fields, caller = this.world.admin) {
    return caller.call('ratelimit.setOverride', { limit: 200, duration: MONTH_MS, ...fields });
  }

  /** getOverride or deleteOverride. */
  override(operation, namespace, identifier, caller = this.world.admin) {
    return caller.call(`ratelimit.${operation}`, { namespace, identifier });
  }

  list(namespace, more = {}, caller = this.world.admin) {
    return caller.call('ratelimit.listOverrides', { namespace, ...more });
  }

  /** A new namespace: `{name, id}`. */
  async namespace(caller = this.world.admin) {
    const name = unique('namespace');
    expectOk(await this.limit({ namespace: name, cost: 0 }, caller));
    return { name, id: (await this.namespaces(caller)).get(name) };
  }

  async deletedNamespace() {
    const made = await this.namespace();
    await this.world.admin.ok('ratelimit.deleteNamespace', { namespace: made.name });
    return made;
  }

  /** The workspace's live namespaces: ids by name. */
  async namespaces(caller = this.world.admin) {
    const found = new Map();
    for (let cursor; ;) {
      const answer = await caller.call('ratelimit.listNamespaces', { limit: 100, cursor });
      for (const row of expectOk(answer)) found.set(row.name, row.namespaceId);
      cursor = answer.body.pagination.cursor;
      if (cursor === undefined) return found;
    }
  }

  /** The events of that type in a namespace's stream. */
  async events(type, namespaceId) {
    return (await eventsTail(this.world.server)).filter((event) => event.type === type && event.streamId === namespaceId);
  }

  /** The decisions of these identifiers, once one that came after them is on the usage stream. */
  async decisionsOf(...identifiers) {
    const last = unique('last');
    expectOk(await this.limit({ identifier: last }));
    for (;;) {
      const { stdout } = await keyfold(['usage', 'tail', '--data', this.world.server.data]);
      const decisions = stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
        .filter((event) => event.type === 'RatelimitDecision').map((event) => event.payload);
      if (decisions.some((decision) => decision.identifier === last)) {
        return decisions.filter((decision) => identifiers.includes(decision.identifier));
      }
      await sleep(POLL_MS);
    }
  }
}

/** One element of a multiLimit. */
export const check = (namespace, identifier, fields = {}) => ({ namespace, identifier, limit: 100, duration: MONTH_MS, ...fields });
