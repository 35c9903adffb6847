import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { readDocument, tableRows } from './documents.ts';
import { renderReference } from './reference.ts';

test('the generated pages are what npm run docs writes', async () => {
  for (const [path, text] of Object.entries(await renderReference()))
    assert.equal(readDocument(path), text, `${path} is out of date: run npm run docs`);
});

test('the page of endpoints lists every route, and no other', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'keyfob-docs-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const server = await createAuthorizationServer({ data, publicUrl: 'https://cars.example' });
  t.after(() => server.close());
  const served = new Set(
    server.routes.map((route) =>
      route
        .replace(/connect\/\w+\.css$/, 'connect/{stylesheet}')
        .replace(/connect\/\w+\.js$/, 'connect/{script}'),
    ),
  );
  const listed = tableRows(readDocument('docs/reference/endpoints.md')).flatMap(([cell = '']) =>
    cell.startsWith('`') ? [cell.replaceAll('`', '')] : [],
  );
  assert.deepEqual([...listed].sort(), [...served].sort());
});
