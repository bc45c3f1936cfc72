// Rate limits over a restart: the counts are rebuilt from the usage stream, all of them after a clean end, and after a kill
// those of before the last batch interval.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectError, expectOk } from './lib/expect.mjs';
import { Caller } from './lib/http.mjs';
import { check, MONTH_MS, Ratelimits } from './lib/ratelimits.mjs';
import { World } from './lib/world.mjs';

/** Runs `before`, ends the server by the signal, and runs `after` on its successor. */
async function restarted(signal, before, after) {
  const first = await World.start();
  let second;
  try {
    await before(first, new Ratelimits(first));
    const { data, rootKey } = first.server;
    first.client.close();
    await first.server.stop(signal);
    second = await World.start({ data });
    second.admin.rootKey = rootKey;
    await after(second, new Ratelimits(second));
  } finally {
    await (second ?? first).stop();
  }
}

const left = async (rates, namespace, identifier, fields = {}) =>
  expectOk(await rates.limit({ namespace, identifier, cost: 0, ...fields })).remaining;

for (const [signal, title] of [['SIGTERM', 'a clean restart'], ['SIGKILL', 'a kill, once they are on the stream']]) {
  describe(`rate limits after ${title}`, () => {
    it('count on where they were', async () => {
      await restarted(signal, async (world, rates) => {
        const odd = '☺/\t\u0000 x';
        assert.equal(expectOk(await rates.limit({ namespace: 'mail', identifier: odd, cost: 30 })).remaining, 70);
        assert.equal(expectOk(await rates.limit({ namespace: 'mail', identifier: 'week', cost: 5, duration: 604_800_000 })).remaining, 95);
        expectOk(await rates.limit({ namespace: 'mail', identifier: 'unseen', cost: 7 }, world.admin, { 'X-Unkey-Metrics': 'disabled' }));
        assert.equal(expectOk(await rates.multi([check('mail', 'ann', { cost: 2 }), check('sms', 'ann', { cost: 3 })])).passed, true);
        assert.equal(expectOk(await rates.multi([check('mail', 'ann'), check('sms', 'ann', { cost: 98 })])).passed, false);
        expectOk(await rates.set({ namespace: 'mail', identifier: 'limited', limit: 4, duration: MONTH_MS }));
        for (let i = 0; i < 4; i += 1) expectOk(await rates.limit({ namespace: 'mail', identifier: 'limited' }));
        await rates.decisionsOf();
      }, async (world, rates) => {
        assert.equal(await left(rates, 'mail', '☺/\t\u0000 x'), 70);
        assert.equal(await left(rates, 'mail', 'week', { duration: 604_800_000 }), 95);
        assert.equal(await left(rates, 'mail', 'unseen'), 93);
        assert.equal(await left(rates, 'mail', 'ann'), 98);
        assert.equal(await left(rates, 'sms', 'ann'), 97);
        assert.equal(await left(rates, 'mail', 'new'), 100);
        const denied = expectOk(await rates.limit({ namespace: 'mail', identifier: 'limited' }));
        assert.deepEqual([denied.success, denied.limit], [false, 4]);
      });
    });
    it('admit the limit once, before and after together', async () => {
      const admitted = async (rates, calls) => {
        const answers = await Promise.all(Array.from({ length: calls }, () =>
          rates.limit({ namespace: 'mail', identifier: 'ann', limit: 60 })));
        return answers.filter((answer) => expectOk(answer).success).length;
      };
      await restarted(signal, async (world, rates) => {
        assert.equal(await admitted(rates, 40), 40);
        await rates.decisionsOf();
      }, async (world, rates) => {
        assert.equal(await admitted(rates, 40), 20);
      });
    });
  });
}

describe('a clean restart', () => {
  it('keeps the limit of a workspace, and whether it and its root keys are disabled', async () => {
    const kept = {};
    await restarted('SIGTERM', async (world) => {
      for (const [name, members] of [['limited', { requestsPerMinute: 0 }], ['disabled', { enabled: false }], ['free', {}]]) {
        const { caller, workspaceId } = await world.otherWorkspace();
        await world.admin.ok('workspaces.updateWorkspace', { workspaceId, ...members });
        kept[name] = caller.rootKey;
      }
      const made = await world.admin.ok('rootKeys.createRootKey', { name: 'off', permissions: ['administrator'] });
      await world.admin.ok('rootKeys.updateRootKey', { rootKeyId: made.rootKeyId, enabled: false });
      kept.off = made.rootKey;
    }, async (world) => {
      const ask = (name) => new Caller(world.client, kept[name]).call('ratelimit.listNamespaces', {});
      expectError(await ask('limited'), 429, 'user/too_many_requests/workspace_rate_limited');
      expectError(await ask('disabled'), 403, 'unkey/authorization/workspace_disabled');
      expectError(await ask('off'), 403, 'unkey/authorization/key_disabled');
      expectOk(await ask('free'));
    });
  });
});
