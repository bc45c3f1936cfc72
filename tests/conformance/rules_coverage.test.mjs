// Which rules have a test: ids in the names of the conformance tests, and in unit tests for what is decided by one
// pure function. A rule without a test must stand in rules.json with its reason, and one with a test must not.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

const tests = process.env.KEYFOLD_TESTS_DIRECTORY;
const { groups, unitLevel, notCovered } = JSON.parse(readFileSync(join(tests, 'conformance/rules.json'), 'utf8'));

function* filesBelow(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

function idOf(group, number) {
  return unitLevel.includes(group) ? `${group}${number}` : `${group}-${String(number).padStart(2, '0')}`;
}

/** The ids that names of tests hold, with a file each: `CK-01` in titles of the suite and first in rows of cases, `Ex1` in names of unit tests. */
function namedIds() {
  const named = new Map();
  const pattern = new RegExp(`\\b(?:${Object.keys(groups).join('|')})-?\\d{1,2}\\b`, 'g');
  for (const file of filesBelow(join(tests, 'conformance'))) {
    if (!file.endsWith('.test.mjs')) continue;
    for (const [title] of readFileSync(file, 'utf8').matchAll(/\b(?:it|test)\((['"`]).*?\1|\['[A-Z0-9]+-?\d+'/g)) {
      for (const [id] of title.matchAll(pattern)) named.set(id, file);
    }
  }
  const unitPattern = new RegExp(`(?:${unitLevel.map((group) => group[0] + group.slice(1).toLowerCase()).join('|')})\\d{1,2}`, 'g');
  for (const file of filesBelow(join(tests, 'unit'))) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\w+,\s*(\w+)/gm)) {
      for (const [id] of name.matchAll(unitPattern)) named.set(id.toUpperCase(), file);
    }
  }
  return named;
}

it('covers every rule but those that say why not', () => {
  const all = Object.entries(groups).flatMap(([group, { count }]) => Array.from({ length: count }, (_, i) => idOf(group, i + 1)));
  const named = namedIds();
  const unknown = [...named].filter(([id]) => !all.includes(id)).map(([id, file]) => `${id} in ${file}`);
  const missing = all.filter((id) => !named.has(id));
  console.log(`rules covered: ${all.length - missing.length} of ${all.length}`);
  for (const id of missing) console.log(`not covered: ${id}: ${notCovered[id] ?? 'no reason given'}`);
  assert.deepEqual(unknown, [], 'tests name rules that do not exist');
  assert.deepEqual(missing, Object.keys(notCovered), 'rules.json does not tell what is covered');
});
