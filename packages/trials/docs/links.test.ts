import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { anchorsOf, readDocument, readDocuments, ROOT, withoutCode } from './documents.ts';
import type { Document } from './documents.ts';

const DOCUMENTS = readDocuments();

/** A path that a text names in backticks: from the root, from the source of its own package, or from that of the server. */
const NAMED_PATH =
  /`((?:packages|docs|fixtures|deploy)\/[\w./-]+|(?:wire|tokens|clients|grants|outbox|grant-types|dialects|stores|http|operations|connect|admin|webhooks|live|imports|cli)\/[\w./-]+\.ts)(?::\d+)?`/g;

const faultsOfLinks = ({ path, text }: Document): readonly string[] =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)].flatMap(([, link, image]) => {
    const target = link ?? image ?? '';
    if (/^[a-z]+:/.test(target)) return [];
    if (path.startsWith('packages/server/'))
      return [`${path}: the link ${target} is relative, and breaks in the registry`];
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, found))) return [`${path}: ${target} does not exist`];
    if (anchor === undefined || anchorsOf(readDocument(found)).includes(anchor)) return [];
    return [`${path}: ${target} has no such heading`];
  });

/** Measurements name the files of the commit that they were made on. */
const MEASUREMENTS = /<!-- (\w+):begin -->.*?<!-- \1:end -->/gs;

const faultsOfPaths = ({ path, text }: Document): readonly string[] =>
  [...text.replace(MEASUREMENTS, '').matchAll(NAMED_PATH)].flatMap(([, named = '']) =>
    placesOf(path).some((place) => existsSync(join(ROOT, place, named)))
      ? []
      : [`${path}: ${named} does not exist`],
  );

const placesOf = (path: string): readonly string[] => {
  const own = /^packages\/[^/]+\//.exec(path)?.[0];
  return ['', 'packages/server/src', ...(own === undefined ? [] : [join(own, 'src')])];
};

const SCRIPTS = (JSON.parse(readDocument('package.json')) as { readonly scripts: Record<string, string> })
  .scripts;

const faultsOfScripts = ({ path, text }: Document): readonly string[] =>
  [...text.matchAll(/npm run ([\w:]+)/g)].flatMap(([, script = '']) =>
    script in SCRIPTS ? [] : [`${path}: there is no script ${script}`],
  );

describe('the documents name only what exists', () => {
  test('links and their headings', () => assert.deepEqual(DOCUMENTS.flatMap(faultsOfLinks), []));
  test('files and folders', () => assert.deepEqual(DOCUMENTS.flatMap(faultsOfPaths), []));
  test('npm scripts', () => assert.deepEqual(DOCUMENTS.flatMap(faultsOfScripts), []));
});

test('no package README suggests npx keyfob, which runs an unrelated program outside a clone', () => {
  const found = DOCUMENTS.filter(
    ({ path, text }) => path.startsWith('packages/server/') && text.includes('npx keyfob'),
  );
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  );
});

test('no document installs a package of this repository by its name, which the registry does not have', () => {
  const found = DOCUMENTS.flatMap(({ path, text }) =>
    [...text.matchAll(/npm (?:install|i|exec) [^\n`]*(?<![\w/.-])@keyfob\/\S+/g)].map(
      ([line]) => `${path}: ${line}`,
    ),
  );
  assert.deepEqual(found, []);
});
