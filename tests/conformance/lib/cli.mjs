// The `keyfold` program beside a server: its other commands, which find a running server by its data directory.
import { execFile } from 'node:child_process';
import { binary } from './server.mjs';

const TIMEOUT_MS = 120_000;
const OUTPUT_BYTES_MAX = 1 << 30;

/** Runs the program to its end: `{code, stdout, stderr}`. Never throws for a refusal. */
export function keyfold(args, { env = {} } = {}) {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
    execFile(binary(), args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code ?? error.signal, stdout, stderr });
    });
  });
}

async function succeed(args) {
  const result = await keyfold(args);
  if (result.code !== 0) throw new Error(`keyfold ${args.join(' ')} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Every event from the beginning, parsed. */
export async function eventsTail(server) {
  const text = await succeed(['events', 'tail', '--from', '0', '--data', server.data]);
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

const digestLines = (text) => text.split('\n').filter((line) => line.startsWith('digest ')).sort();

/** The digest lines of the live projections, sorted. */
export async function digest(server) {
  return digestLines(await succeed(['digest', '--data', server.data]));
}

/** Replays the log of a stopped server into a new directory; the digest lines of what came out, sorted. */
export async function replayInto(server, directory) {
  return digestLines(await succeed(['replay', '--data', server.data, '--into', directory]));
}
