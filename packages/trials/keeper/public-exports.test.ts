import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import type { Keeper, TokenResult } from '@keyfob/keeper';

const PACKAGE = fileURLToPath(new URL('../../keeper/', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};
const SOURCES = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === 'string' ? [] : [[entry, join(PACKAGE, target['keyfob-source'] ?? '')] as const],
);

const DECLARED = /^export (?:async )?(?:const|function|class|type) (?<name>\w+)/gm;
const PASSED_ON = /^export (?:type )?\{(?<names>[^}]+)\} from '(?<from>[^']+)'/gm;

/** Exports of a file that no comment explains. */
const unexplained = (file: string, wanted: ReadonlySet<string> | undefined): readonly string[] => {
  const text = readFileSync(file, 'utf8');
  const own = [...text.matchAll(DECLARED)].flatMap(({ groups, index }) => {
    const name = groups?.['name'] ?? '';
    const isExplained = text.slice(0, index).trimEnd().endsWith('*/');
    return (wanted === undefined || wanted.has(name)) && !isExplained ? [`${file}: ${name}`] : [];
  });
  const others = [...text.matchAll(PASSED_ON)].flatMap(({ groups }) => {
    const names = (groups?.['names'] ?? '').split(',').map((one) => one.trim().replace(/^type /, ''));
    return unexplained(
      join(dirname(file), groups?.['from'] ?? ''),
      new Set(names.map((one) => one.split(' ')[0] ?? '')),
    );
  });
  return [...own, ...(wanted === undefined ? others : [])];
};

describe('the public entry points of the keeper', () => {
  for (const [entry, file] of SOURCES)
    it(`${entry} explains everything that it exports`, () => {
      assert.ok(existsSync(file), file);
      assert.deepEqual(unexplained(file, undefined), []);
    });
});

const read = (result: TokenResult): string => {
  switch (result.status) {
    case 'ok':
      return `${result.accessToken} ${result.expiresAtMs} ${result.isStale}`;
    case 'needs_consent':
      return `${result.cause} ${result.sinceMs}`;
    case 'unavailable':
      return `${result.reason} ${result.retryAtMs}`;
  }
};
// @ts-expect-error Where there is no token, none can be read.
const readWrongly = (result: TokenResult): string => result.accessToken;

const ask = (keeper: Keeper & AsyncDisposable, signal: AbortSignal): Promise<string> =>
  keeper.token('vin:1', { signal, waitMs: 3000, minValidMs: 300_000 });
const askWrongly = (keeper: Keeper): Promise<string> =>
  // @ts-expect-error The option is unknown.
  keeper.token('vin:1', { timeout: 3000 });

describe('the types of the keeper', () => {
  it('tryToken has exactly three outcomes, and each has what a program needs then', () => {
    // @ts-expect-error There is no fourth outcome.
    const wrong: TokenResult['status'] = 'expired';
    assert.equal(read({ status: 'unavailable', reason: wrong, retryAtMs: 1 }), 'expired 1');
    assert.equal(typeof readWrongly, 'function');
  });

  it('a wait can be cancelled, and a keeper is closed by `await using`', () => {
    assert.notEqual(ask, askWrongly);
  });
});
