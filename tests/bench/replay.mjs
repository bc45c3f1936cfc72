// A log that is read again: replay_speed, with one partition and with as many as a server has by default.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeDirectory } from '../conformance/lib/server.mjs';

export async function benchReplay(options, directory) {
  const rows = [];
  for (const partitions of [1, 4]) {
    const place = join(directory, `replay-${partitions}`);
    const { stdout } = await promisify(execFile)(options.replaySpeed, [place, options.replayed, partitions].map(String));
    rows.push({ partitions, ...JSON.parse(stdout) });
    removeDirectory(place);
  }
  return { rows };
}
