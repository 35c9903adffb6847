import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readDocument, ROOT, tableRows } from './documents.ts';

/** A page that maps a folder: a row of its table for each folder below, whose first cell is its name in backticks. */
const MAPS = [
  { page: 'CONTRIBUTING.md', folder: 'packages/server/src' },
  { page: 'packages/keeper/README.md', folder: 'packages/keeper/src' },
  { page: 'packages/sandbox/README.md', folder: 'packages/sandbox/src' },
  { page: 'packages/trials/README.md', folder: 'packages/trials' },
] as const;

/** The folders of the table that has the heading `folder`, in the order of their names. */
const mappedFolders = (text: string): readonly string[] => {
  const rows = tableRows(text);
  const first = rows.findIndex(([heading]) => heading === 'folder');
  const after = rows.slice(first + 1).map(([cell = '']) => /^`([\w-]+)\/`$/.exec(cell)?.[1]);
  const length = after.findIndex((name) => name === undefined);
  return after
    .slice(0, length === -1 ? undefined : length)
    .flatMap((name) => name ?? [])
    .sort();
};

const foldersIn = (folder: string): readonly string[] =>
  readdirSync(`${ROOT}${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name)
    .sort();

describe('a page that maps a folder has a row for each folder in it, and no other', () => {
  for (const { page, folder } of MAPS)
    test(`${page} maps ${folder}`, () =>
      assert.deepEqual(mappedFolders(readDocument(page)), foldersIn(folder)));
});

describe('the README of a package names everything that can be imported from it', () => {
  for (const name of ['server', 'sandbox', 'keeper'])
    test(`packages/${name}`, () => {
      const { exports } = JSON.parse(readDocument(`packages/${name}/package.json`)) as {
        readonly exports: object;
      };
      const entryPoints = Object.keys(exports).filter((path) => path !== './package.json');
      const text = readDocument(`packages/${name}/README.md`);
      const missing = entryPoints.filter((path) => !text.includes(`\`@keyfob/${name}${path.slice(1)}\``));
      assert.deepEqual(missing, []);
    });
});
