import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DialectName } from './served-grant.ts';

/** One case of a file in `fixtures/wire`, as its README describes it. */
export type FixtureCase = {
  readonly name: string;
  readonly given?: Readonly<Record<string, string | number | boolean>>;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
};

/** What placeholders stand for, by name. */
export type Values = ReadonlyMap<string, string>;

const FOLDER = new URL('../../../fixtures/wire/', import.meta.url);
const PLACEHOLDER = /\$\{(?<name>\w+)(?::(?<label>\w+))?\}/g;
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** What each matcher matches. */
const MATCHERS: Readonly<Record<string, string>> = {
  uuid: UUID,
  timestamp: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
  text: '.+',
  seconds: '[1-9][0-9]*',
  smartcarAccessToken: UUID,
  smartcarRefreshToken: UUID,
  pleosAccessToken: '[A-Za-z0-9]+',
  pleosRefreshToken: '[A-Z0-9]{36}',
};
const SUCCESSORS = new Set(['smartcarRefreshToken', 'pleosRefreshToken']);

export const readFixtures = (dialect: DialectName, file: string): readonly FixtureCase[] =>
  JSON.parse(readFileSync(new URL(`${dialect}-${file}.json`, FOLDER), 'utf8')) as FixtureCase[];

/** The names of every placeholder a request has. */
export const placeholdersOf = ({ request }: FixtureCase): ReadonlySet<string> =>
  new Set([...JSON.stringify(request).matchAll(PLACEHOLDER)].map(([, name = '']) => name));

/** The value with its placeholders replaced. Throws where one stands for nothing. */
export const fill = (value: unknown, values: Values): unknown => {
  if (typeof value === 'string')
    return value.replaceAll(PLACEHOLDER, (_match, name: string) => {
      const known = values.get(name);
      assert.ok(known !== undefined, `\${${name}} stands for nothing`);
      return known;
    });
  if (Array.isArray(value)) return value.map((member) => fill(member, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, values)]));
};

/**
 * Asserts that a value is as expected: the same members, no more and no less. `seen` collects what labelled matchers
 * met, from one call to the next, for the same label must meet the same again.
 */
export const assertMatches = (
  actual: unknown,
  expected: unknown,
  values: Values,
  seen: Map<string, string>,
  where: string,
): void => {
  if (typeof expected === 'string') {
    assert.equal(typeof actual, 'string', where);
    return assertTextMatches(String(actual), expected, values, seen, where);
  }
  if (typeof expected !== 'object' || expected === null) return assert.equal(actual, expected, where);
  assert.ok(typeof actual === 'object' && actual !== null, `${where} is no object`);
  assert.equal(Array.isArray(actual), Array.isArray(expected), where);
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), `the members of ${where}`);
  for (const [name, member] of Object.entries(expected)) {
    assertMatches((actual as Record<string, unknown>)[name], member, values, seen, `${where}.${name}`);
  }
};

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

const assertTextMatches = (
  actual: string,
  expected: string,
  values: Values,
  seen: Map<string, string>,
  where: string,
): void => {
  const found: string[] = [];
  let from = 0;
  let pattern = '';
  const placeholders = [...expected.matchAll(PLACEHOLDER)];
  for (const { 0: whole, 1: name = '', index } of placeholders) {
    const known = values.get(name);
    const matcher = known === undefined ? MATCHERS[name] : escapePattern(known);
    assert.ok(matcher !== undefined, `${whole} is no placeholder`);
    pattern += `${escapePattern(expected.slice(from, index))}(${matcher})`;
    from = index + whole.length;
    found.push(name);
  }
  const match = new RegExp(`^${pattern}${escapePattern(expected.slice(from))}$`).exec(actual);
  assert.ok(match !== null, `${where} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
  for (const [at, { 2: label }] of placeholders.entries()) {
    const text: string = match[at + 1] ?? '';
    if (SUCCESSORS.has(found[at] ?? ''))
      assert.ok(![...values.values()].includes(text), `${where} is one of the tokens known before`);
    if (label !== undefined) assert.equal(text, seen.get(label) ?? text, `${where} differs from ${label}`);
    if (label !== undefined) seen.set(label, text);
  }
};
