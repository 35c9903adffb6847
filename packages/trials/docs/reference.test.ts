import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAuthorizationServer } from '@keyfob/server';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import { DESCRIBED_ROUTES } from '../openapi/described.ts';
import { readDocument, ROOT, tableRows } from './documents.ts';
import { readHelp } from './help.ts';
import { runKeeper } from './keeper.ts';
import { renderReference } from './reference.ts';

test('the generated pages are what npm run docs writes', async () => {
  for (const [path, text] of Object.entries(await renderReference()))
    assert.equal(readDocument(path), text, `${path} is out of date: run npm run docs`);
});

test('the help of the keeper fits into 80 columns, and shows an example of every command', async () => {
  for (const { words, text } of await readHelp([], runKeeper)) {
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
    assert.ok(/^Examples?:$/m.test(text) || words[0] === 'key', words.join(' '));
  }
});

/** The routes of a server whose issuer has no path. */
const readRoutes = async (): Promise<readonly string[]> => {
  const data = mkdtempSync(join(tmpdir(), 'keyfob-docs-'));
  try {
    const server = await createAuthorizationServer({ data, publicUrl: 'https://cars.example' });
    await server.close();
    return server.routes;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
};
const ROUTES = await readRoutes();

/** The page of each wire that is OAuth 2.0 with differences lists its routes itself. */
const WIRE_PAGES = readdirSync(`${ROOT}docs/guide/wires`).map((name) => `docs/guide/wires/${name}`);

test('the pages of endpoints and of wires list every route once, and no other', () => {
  const served = new Set(
    ROUTES.map((route) =>
      route
        .replace(/connect\/\w+\.css$/, 'connect/{stylesheet}')
        .replace(/connect\/\w+\.js$/, 'connect/{script}'),
    ),
  );
  const listed = ['docs/reference/endpoints.md', ...WIRE_PAGES]
    .flatMap((page) => tableRows(readDocument(page)))
    .flatMap(([cell = '']) => (/^`[A-Z]+ \/[^`]*`$/.test(cell) ? [cell.replaceAll('`', '')] : []));
  assert.deepEqual([...listed].sort(), [...served].sort());
});

/** Answers 404 always, with a text for people. */
const OPEN_ID = 'GET /.well-known/openid-configuration';

test('every route but the pages of owners and their forms is described for OpenAPI, and no other', () => {
  const dialects: readonly Dialect[] = Object.values(DIALECTS);
  const forms = new Set(
    dialects.flatMap(({ authorization, vehicleSelection }) => [
      `POST ${authorization.path}`,
      `POST ${vehicleSelection?.path ?? ''}`,
    ]),
  );
  const wanted = ROUTES.filter(
    (route) => !forms.has(route) && route !== OPEN_ID && !/^\w+ \/(?:connect|device)(?:\/|$)/.test(route),
  );
  assert.deepEqual([...DESCRIBED_ROUTES].sort(), [...new Set(wanted)].sort());
});

test('the page of the API has no script, and lets a browser fetch nothing', () => {
  const page = readDocument('docs/reference/api.html');
  assert.match(page, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
  assert.doesNotMatch(page, /<(?:script|link|img|iframe)|url\(|@import/);
  for (const route of DESCRIBED_ROUTES)
    assert.ok(page.replace(/<\/?span[^>]*>/g, '').includes(`<code>${route}</code>`), route);
});
