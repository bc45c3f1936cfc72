// The reference of durable writes: raw_group_commit, a database of its own each run.
import { execFile } from 'node:child_process';
import { removeDirectory } from '../conformance/lib/server.mjs';

/** By how much one createKey of create.lua makes keyfold's write-ahead log grow. */
export const RECORD_BYTES = 340;

/** Runs the reference with as many threads as there are clients. */
export function measureRaw(program, directory, threads, seconds) {
  return new Promise((resolve, reject) => {
    execFile(program, [directory, threads, seconds, RECORD_BYTES].map(String), (error, stdout, stderr) => {
      removeDirectory(directory);
      if (error) return reject(new Error(`${program} failed: ${stderr}`));
      const { perSecond, p50Ms, p99Ms } = JSON.parse(stdout);
      return resolve({ perSecond, p50Ms, p99Ms });
    });
  });
}
