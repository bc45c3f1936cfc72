// Running wrk and reading what processes cost.
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPTS = join(dirname(fileURLToPath(import.meta.url)), 'wrk');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time of the processes so far, in microseconds; resolution one clock tick (proc(5), fields 14 and 15). */
export function cpuMicroseconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1e6) / TICKS_PER_SECOND;
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The middle value of each member of measurements that have the same members. */
export function medians(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((name) => [name, median(runs.map((run) => run[name]))]));
}

/** Runs wrk with one thread and one of our scripts; throws when any request failed. */
export function wrk({ url, script, connections, seconds, env }) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', join(SCRIPTS, script), url];
  const options = { env: { ...process.env, ...env, LUA_PATH: join(SCRIPTS, '?.lua') } };
  return new Promise((resolve, reject) => {
    execFile('wrk', args, options, (error, stdout, stderr) => {
      const line = stdout.match(/^result (.*)$/m);
      if (error || !line) return reject(new Error(`wrk ${args.join(' ')} failed:\n${stdout}${stderr}`));
      const result = JSON.parse(line[1]);
      if (result.failed > 0) return reject(new Error(`wrk ${args.join(' ')}: ${result.failed} requests failed:\n${stdout}`));
      return resolve(result);
    });
  });
}
