// Seeded randomness and the plan of a run: one seed, one schedule.

/** A generator of numbers in [0, 1) (mulberry32): small, seeded, good enough to choose by. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FAULT_POINTS = ['log.append.before_sync', 'log.append.after_sync', 'projector.before_commit', 'projector.after_commit'];
const FAULT_ROUND = 3;          // every third round dies at a fault point
const PASSAGE_MAX = 150;        // of that point in the life of one process
const KILL_AFTER_MS_MAX = 700;

/**
 * How each round ends: `{number, seed, killAfterMs, fault?}`. A fault kills the process from within at the given
 * passage of the point; `killAfterMs` ends the round in any case. Early passages hit the server's start.
 */
export function schedule(seed, rounds) {
  const next = random(seed);
  return Array.from({ length: rounds }, (_, number) => {
    const round = { number, seed: Math.floor(next() * 2 ** 32), killAfterMs: 20 + Math.floor(next() * KILL_AFTER_MS_MAX) };
    const point = FAULT_POINTS[Math.floor(next() * FAULT_POINTS.length)];
    const passage = 1 + Math.floor(next() * next() * PASSAGE_MAX);
    if (number % FAULT_ROUND === FAULT_ROUND - 1) round.fault = `${point}:${passage}`;
    return round;
  });
}
