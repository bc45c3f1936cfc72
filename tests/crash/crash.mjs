// The crash test: clients work on one data directory as fast as they can while the server is killed again and again.
// After each restart everything that was acknowledged must be there, and nothing twice.
//
//   KEYFOLD_BINARY=build/dev/keyfold node tests/crash/crash.mjs
//
// KEYFOLD_CRASH_ROUNDS (default 50) and KEYFOLD_CRASH_SEED (default: by the clock, printed) choose the schedule.
// On a failure the data directory stays and its path is printed.
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, Client } from '../conformance/lib/http.mjs';
import { removeDirectory, startServer, temporaryDirectory } from '../conformance/lib/server.mjs';
import { checkDigests, checkEvents, checkRound } from './checks.mjs';
import { Counters, Round } from './model.mjs';
import { schedule } from './schedule.mjs';
import { CLIENTS, workUntilDeath } from './workload.mjs';

const REPLAY_EVERY_ROUNDS = 10;

class CrashTest {
  constructor(seed, rounds) {
    this.plans = schedule(seed, rounds);
    this.rounds = [];
    this.counters = new Counters();
    this.data = temporaryDirectory('crash');
  }

  async run() {
    await this.#bootstrap();
    for (const plan of this.plans) {
      await this.#dieIn(plan);
      await this.#recover((plan.number + 1) % REPLAY_EVERY_ROUNDS === 0);
      this.counters.rounds += 1;
    }
    await this.#recover(true);
    removeDirectory(this.data);
  }

  async #bootstrap() {
    const server = await startServer({ data: this.data });
    this.rootKey = server.rootKey;
    await server.stop();
  }

  /** Starts the server, lets the clients loose, and kills it. */
  async #dieIn(plan) {
    const round = new Round(plan);
    this.rounds.push(round);
    const env = plan.fault === undefined ? {} : { KEYFOLD_FAULT: plan.fault };
    const server = await startServer({ data: this.data, env, mayFail: plan.fault !== undefined });
    if (!server.running) {
      this.#expectKilled(await server.exited, server);
      this.counters.diedAtStart += 1;
      return;
    }
    await this.#withCaller(server, async (caller) => {
      const work = workUntilDeath(caller, round, this.counters);
      await Promise.race([sleep(plan.killAfterMs), server.exited]);
      if (plan.fault !== undefined && !server.running) this.counters.diedAtFault += 1;
      this.#expectKilled(await server.stop('SIGKILL'), server);
      await work;
    });
  }

  #expectKilled(result, server) {
    if (result.signal !== 'SIGKILL') throw new Error(`the server ended by itself (${JSON.stringify(result)}):\n${server.output}`);
  }

  async #recover(isThorough) {
    const server = await startServer({ data: this.data });
    try {
      await this.#withCaller(server, async (caller) => {
        for (const round of this.rounds) await checkRound(caller, round, this.counters);
      });
      if (isThorough) {
        await checkEvents(server, this.rounds, this.counters);
        await checkDigests(server, this.counters);
      }
    } finally {
      await server.stop('SIGKILL');
    }
  }

  async #withCaller(server, task) {
    const client = new Client(server.url, 2 * CLIENTS);
    try {
      await task(new Caller(client, this.rootKey));
    } finally {
      client.close();
    }
  }
}

const seed = Number(process.env.KEYFOLD_CRASH_SEED ?? Date.now() % 2 ** 32);
const rounds = Number(process.env.KEYFOLD_CRASH_ROUNDS ?? 50);
console.log(`seed: ${seed}`);
const test = new CrashTest(seed, rounds);
try {
  await test.run();
  console.log(String(test.counters));
} catch (error) {
  console.error(error);
  console.error(`failed in round ${test.rounds.length - 1}: ${JSON.stringify(test.plans[test.rounds.length - 1])}`);
  console.error(`again with: KEYFOLD_CRASH_SEED=${seed} KEYFOLD_CRASH_ROUNDS=${rounds}; the data stays in ${test.data}`);
  process.exitCode = 1;
}
