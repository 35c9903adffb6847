import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readDocument, ROOT, tableRows } from './documents.ts';

const TEXT = readDocument('docs/security.md');

/** A file, and the titles that follow it in typographic quotes. */
const PROOF = /`(?<path>packages\/[\w./-]+\.ts)`(?<titles>(?:,?\s+“[^”]+”)*)/g;

const PROOFS = [...TEXT.matchAll(PROOF)].map(({ groups }) => ({
  path: groups?.['path'] ?? '',
  titles: [...(groups?.['titles'] ?? '').matchAll(/“(?<title>[^”]+)”/g)].map(
    (found) => found.groups?.['title'] ?? '',
  ),
}));

describe('docs/security.md', () => {
  test('names tests that exist, by their titles', () => {
    assert.ok(PROOFS.length > 40, `${PROOFS.length} proofs were found`);
    const missing = PROOFS.flatMap(({ path, titles }) => {
      if (!existsSync(join(ROOT, path))) return [path];
      const source = readDocument(path);
      return titles.filter((title) => !source.includes(title)).map((title) => `${path}: ${title}`);
    });
    assert.deepEqual(missing, []);
  });

  test('quotes no title without its file, and names no file without a title', () => {
    const quoted = [...TEXT.matchAll(/“[^”]+”/g)].length;
    assert.equal(PROOFS.flatMap(({ titles }) => titles).length, quoted);
    assert.deepEqual(
      PROOFS.filter(({ titles }) => titles.length === 0).map(({ path }) => path),
      [],
    );
  });

  test('has a test, or says no, for every line of the checklist', () => {
    const lines = tableRows(TEXT).filter(([section = '']) => /^\d/.test(section));
    assert.ok(lines.length > 18);
    for (const [section, , here = '', proof = ''] of lines)
      assert.ok(proof !== '' || /\bNo\b|at your proxy|sends none/.test(here), `${section} has no proof`);
  });
});
