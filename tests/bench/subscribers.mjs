// Many subscribers of events: what they cost while nothing happens, and how long one event takes to reach all of them,
// beside a process that writes the same bytes to as many sockets and does nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../conformance/lib/server.mjs';
import { cpuMicroseconds, medians } from './measure.mjs';

const EVENTS = 20;

const residentBytes = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]) * 1024;

/** Runs the program; `whileOpen` is called when all subscribers are connected. Answers its result. */
async function fanOut(program, args, env, whileOpen = () => {}) {
  const child = spawn(program, args.map(String), { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  const exited = once(child, 'exit');
  while (child.exitCode === null && !output.includes('open\n')) await Promise.race([once(child.stdout, 'data'), exited]);
  await whileOpen();
  child.stdin.end('go\n');
  const [code] = await exited;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${output}`);
  return JSON.parse(output.slice(output.indexOf('{')));
}

/** Answers `{subscribers, bytes, threads, bytesPerSubscriber, cpuUs, ours, theirs}`; times in milliseconds. */
export async function benchSubscribers(options, directory) {
  const config = join(directory, 'keyfold.toml');
  const connections = options.subscribers + 100;
  writeFileSync(config, `[server]\nconnections_max = ${connections}\nconnections_per_address_max = ${connections}\n`
    + `[subscriptions]\nsubscribers_per_workspace_max = ${connections}\nheartbeat_ms = 3600000\n`);
  const server = await startServer({ data: join(directory, 'data'), args: ['--config', config] });
  try {
    const measured = { subscribers: options.subscribers };
    const before = residentBytes(server.pid);
    let cpuBefore;
    const result = await fanOut(options.fanOut, ['keyfold', new URL(server.url).port, options.subscribers, EVENTS],
      { KEYFOLD_BENCH_ROOT_KEY: server.rootKey }, () => {
        measured.bytesPerSubscriber = (residentBytes(server.pid) - before) / options.subscribers;
        measured.threads = readdirSync(`/proc/${server.pid}/task`).length;
        cpuBefore = cpuMicroseconds([server.pid]);
      });
    measured.cpuUs = (cpuMicroseconds([server.pid]) - cpuBefore) / options.subscribers / EVENTS;
    measured.bytes = result.bytes;
    measured.ours = medians(result.rounds);
    measured.theirs = medians((await fanOut(options.fanOut, ['reference', result.bytes, options.subscribers, EVENTS], {})).rounds);
    return measured;
  } finally {
    await server.stop();
  }
}
