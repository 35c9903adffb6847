import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { openCommandWorld } from './command-world.ts';

type Imported = {
  readonly rows: number;
  readonly new: number;
  readonly linked: number;
  readonly known: number;
  readonly refused: number;
  readonly first: readonly { readonly line: number; readonly reason: string }[];
};

test('a table is imported once, however often it is run, and what is wrong is reported by line', async (scope) => {
  const { run, ask, directory } = await openCommandWorld(scope);
  const rows = [
    'vin,provider,refresh_token,expires_at,brand,colour',
    ...Array.from({ length: 2500 }, (_, car) => `car-${car},smartcar,secret-${car},,,red`),
    'twin,smartcar,secret-7,,,red',
    'no-token,smartcar,,,,red',
    'no-brand,pleos,secret-p1,,,red',
    'short,smartcar',
    '"a, b",pleos,secret-p2,2026-01-01 10:00:00,kia,red',
  ];
  const file = join(directory, 'tokens.csv');
  const report = join(directory, 'refused.jsonl');
  writeFileSync(file, rows.join('\n'), { mode: 0o600 });

  const rehearsed = await run(['import', file, '--dry-run', '--report', report, '--json']);
  assert.equal(rehearsed.code, 1);
  const rehearsal = JSON.parse(rehearsed.out) as Imported;
  assert.deepEqual([rehearsal.rows, rehearsal.new, rehearsal.linked, rehearsal.refused], [2505, 2501, 1, 3]);
  assert.deepEqual(
    rehearsal.first.map(({ line }) => line),
    [2503, 2504, 2505],
  );
  assert.equal(statSync(report).mode & 0o777, 0o600);
  assert.equal(readFileSync(report, 'utf8').trim().split('\n').length, 3);
  assert.match((await run(['ls'])).errors, /There is no store/);

  const imported = await run(['import', file]);
  assert.equal(imported.code, 1);
  assert.match(imported.out, /new +2501\nshare a grant with another row +1\nrefused +3/);
  assert.match(imported.out, /line 2503: A connection of smartcar needs a refresh token/);
  assert.match(imported.out, /not used: the columns colour/);
  const again = JSON.parse(
    (await run(['import', '-', '--json'], rows.slice(0, 2502).join('\n'))).out,
  ) as Imported;
  assert.deepEqual([again.new, again.known, again.linked], [0, 2501, 0]);

  const shown = await ask<{ readonly sharedBy: readonly string[] }>(['show', 'twin']);
  assert.deepEqual(shown.sharedBy, ['car-7', 'twin']);
  for (const { out, errors } of [rehearsed, imported]) assert.doesNotMatch(out + errors, /secret-/);
});

test('a report that cannot be written is an error with a remedy, and nothing is imported', async (scope) => {
  const { run, directory } = await openCommandWorld(scope);
  const report = join(directory, 'missing', 'refused.jsonl');
  const answer = await run(['import', '-', '--report', report], 'name,refresh_token\none,secret-1');
  assert.equal(answer.code, 1);
  assert.match(answer.errors, /cannot be written \(ENOENT\)\n {2}Name a file in a directory that exists/);
  assert.doesNotMatch((await run(['ls'])).out, /one/);
});

test('JSON lines, also compressed, are imported; a file that is neither is refused whole', async (scope) => {
  const { run } = await openCommandWorld(scope);
  const lines = [
    { name: 'a', client: 'sc', tokens: 1, accessToken: 'x', refreshToken: 'r1', expiresAt: 1_800_000_000 },
    { name: 'b', client: 'pl', params: { brand: 'kia' }, data: { refreshToken: 'r2' } },
  ];
  const ended = await run(['import', '-', '--json'], lines.map((line) => JSON.stringify(line)).join('\n'));
  assert.equal(ended.code, 0, ended.out + ended.errors);
  assert.equal((JSON.parse(ended.out) as Imported).new, 2);
  const wrong = await run(['import', '-'], '[{"name": "a"}]');
  assert.equal(wrong.code, 1);
  assert.match(wrong.errors, /one JSON array/);
});

test('Ctrl-C ends an import in order, says what is kept, and the same command goes on', async (scope) => {
  const { run } = await openCommandWorld(scope);
  const rows = Array.from({ length: 2500 }, (_, car) => `car-${car},sc,secret-${car}`);
  const pieces = async function* () {
    yield ['name,client,refresh_token', ...rows.slice(0, 2200), ''].join('\n');
    yield '\n';
    for (let looks = 0; looks < 50 && (await run(['show', 'car-1999'])).code !== 0; looks++);
    process.emit('SIGINT');
    await new Promise(() => undefined);
  };
  const ended = await run(['import', '-'], Readable.from(pieces()));
  assert.equal(ended.code, 130);
  const [, kept = ''] = /Interrupted: (\d+) rows were read, 0 of them refused/.exec(ended.errors) ?? [];
  assert.match(ended.errors, /Run the same command again: it goes over what is kept/);
  assert.ok(Number(kept) >= 2000 && Number(kept) <= 2200, kept);
  const again = await run(['import', '-', '--json'], ['name,client,refresh_token', ...rows].join('\n'));
  const { known, new: added } = JSON.parse(again.out) as Imported;
  assert.deepEqual([known, added], [Number(kept), 2500 - Number(kept)]);
});
