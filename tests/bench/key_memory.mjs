// How much memory a key takes in the index, and how long a start takes, at several numbers of keys.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeDirectory } from '../conformance/lib/server.mjs';

/** Stores keys as read models, then loads them in a process of its own. */
export async function benchKeyMemory(options, directory) {
  const rows = [];
  for (const keys of options.indexed) {
    const store = join(directory, 'projections');
    const run = async (what) => JSON.parse((await promisify(execFile)(options.keyIndex, [what, store, String(keys)])).stdout);
    await run('fill');
    rows.push(await run('load'));
    removeDirectory(store);
  }
  return { rows };
}
