import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** What names the present moment by a clock that may be wrong. */
const PRESENT = String.raw`(?:\b(?:now|nowMs)\b(?!\()|\b(?:time\.now|clock|systemClock|Date\.now)\(\))`;
const COMPARED = new RegExp(
  String.raw`${PRESENT}\)?\s*(?:[<>]=?|-)\s|\s(?:[<>]=?|-)\s*\(?(?:[a-z]+\.)?${PRESENT}`,
);
/** The clock of a database, read by a statement. */
const DATABASE_CLOCK =
  /STATEMENT_(?:MS|SECONDS)\b|CLOCK_(?:MS|SECONDS)\b|unixepoch|clock_timestamp|julianday/;
const MACHINE_CLOCK = /Date\.now\(|new Date\(\)/;

/** The lines that compare the present moment themselves: in which file, how many, and why a wrong clock does no harm there. */
const READERS: Readonly<Record<string, readonly [lines: number, why: string]>> = {
  'cli/demo/self-signed.ts': [1, 'a certificate begins a day before it is made'],
  'cli/command/since.ts': [1, 'chooses what is shown'],
  'clients/client-certificate.ts': [1, 'refuses a certificate, whose client keeps its grants'],
  'clients/failure-buckets.ts': [3, 'monotonic'],
  'clients/secret.ts': [1, 'decides how often a last use is written'],
  'clients/throttle.ts': [1, 'monotonic'],
  'console/client-uses.ts': [1, 'shows an hour'],
  'console/pages/explain.ts': [3, 'shows ages, and advises people'],
  'console/pages/parts.ts': [1, 'shows an age'],
  'dialects/authorization-details.ts': [1, 'refuses a request, which its client can send again'],
  'grants/clock-fault.ts': [1, 'reports the clock itself'],
  'grants/decide-device.ts': [1, 'asks a device to poll more slowly'],
  'grants/judge-code.ts': [1, 'keeps a doubt from revoking, after the least age was judged'],
  'grants/judge.ts': [1, 'keeps a clock that is behind from revoking'],
  'grants/replay.ts': [1, 'shows evidence, and decides nothing'],
  'grants/rotation-history.ts': [2, 'measures the least age of a use that a clock ahead recorded'],
  'imports/row.ts': [1, 'refuses a row from the future, which can be imported later'],
  'operations/doctor/examine-clock.ts': [1, 'reports the clock itself'],
  'operations/read-client-health.ts': [2, 'counts for a page, by day'],
  'operations/operator-sessions.ts': [2, 'ends a key of an operator, who gets another'],
  'operations/register-by-token.ts': [1, 'refuses a registration, which the store would refuse too'],
  'operators/running-node.ts': [1, 'shows whether a node is gone'],
  'stores/postgres/verbs/batches.ts': [1, 'monotonic'],
  'stores/postgres/verbs/operators.ts': [1, 'drops a session, whose operator signs in again'],
  'stores/sqlite/operators.ts': [1, 'drops a session, whose operator signs in again'],
  'tokens/key-ring.ts': [1, 'gets the earliest moment'],
  'webhooks/signing-keys.ts': [1, 'gets the earliest moment'],
  'webhooks/sender.ts': [1, 'finds a clock that was set back'],
};

const DATABASE_READERS: Readonly<Record<string, readonly [lines: number, why: string]>> = {
  'stores/postgres/connection/engine.ts': [4, 'names it'],
  'stores/postgres/connection/migrations.ts': [2, 'stamps a schema'],
  'stores/postgres/nodes/node-rows.ts': [
    6,
    'measures the wait for a node, which begins again if the clock is set back',
  ],
  'stores/postgres/verbs/clock.ts': [2, 'compares it with the other clocks'],
  'stores/postgres/verbs/grant-events.ts': [2, 'numbers events, never below the newest number'],
};

const MACHINE_READERS: Readonly<Record<string, readonly [lines: number, why: string]>> = {
  'clock.ts': [1, 'is the clock'],
  'cli/follow-events.ts': [1, 'stamps a line of the log'],
  'cli/log/log.ts': [1, 'stamps a line of the log'],
};

const SOURCES = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(?:ts|sql)$/.test(path) && !/\.(?:test|cases)\.ts$/.test(path))
  .map((path) => ({ path, lines: codeOf(readFileSync(join(import.meta.dirname, path), 'utf8')) }));

/** The lines without comments, and without the ages that `clock.ts` measures. */
function codeOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*|--)/.test(line))
    .map((line) => line.replaceAll(/(?:leastAgeMs|earliestMsOf)\([^)]*\)/g, 'age'));
}

const count = (pattern: RegExp, without: readonly string[] = []): Readonly<Record<string, number>> =>
  Object.fromEntries(
    SOURCES.filter(({ path }) => !without.includes(path))
      .map(({ path, lines }) => [path, lines.filter((line) => pattern.test(line)).length] as const)
      .filter(([, lines]) => lines > 0),
  );

const counted = (readers: typeof READERS): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(readers).map(([path, [lines]]) => [path, lines]));

test('whatever measures an age asks clock.ts, which counts what is in doubt, or says here why it need not', () => {
  assert.deepEqual(count(COMPARED, ['clock.ts']), counted(READERS));
});

test('a statement reads the clock of the database only where that is harmless', () => {
  assert.deepEqual(count(DATABASE_CLOCK), counted(DATABASE_READERS));
});

test('nothing but clock.ts reads the clock of the machine', () => {
  assert.deepEqual(count(MACHINE_CLOCK), counted(MACHINE_READERS));
});

test('the rule finds a comparison however it is written', () => {
  for (const line of [
    'if (nowMs - atMs > LIMIT_MS) return;',
    'return clock() >= expiresAtMs;',
    'expiresAtMs <= exchange.nowMs',
    'const isOver = endsAtMs < now.nowMs;',
    'toSeconds(clock()) - issuedAt',
    'if (Date.now() < untilMs) wait();',
  ])
    assert.match(line, COMPARED);
});

test('a time has the type of its unit', () => {
  // All but three, which count fractions of a second.
  const plain = /\b(?!(?:sum|elapsed|commit)Seconds)\w*(?:Ms|Seconds)\??\)?: number\b/;
  const found = SOURCES.flatMap(({ path, lines }) =>
    lines.filter((line) => plain.test(line)).map((line) => `${path}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});
