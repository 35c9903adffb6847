import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTime } from './row-time.ts';

const AT = Date.UTC(2027, 0, 20, 21, 25, 58);

/** What exports write for one moment: the text, milliseconds after it, and whether it names a zone. */
const READ: readonly (readonly [unknown, number, boolean])[] = [
  // PostgreSQL: timestamptz in text and CSV, with fractions and in other time zones.
  ['2027-01-20 21:25:58+00', 0, true],
  ['2027-01-20 21:25:58.123456+00', 123, true],
  ['2027-01-20 22:25:58+01', 0, true],
  ['2027-01-20 16:25:58-05', 0, true],
  ['2027-01-21 02:55:58+05:30', 0, true],
  ['2027-01-20 22:18:30+00:52:32', 0, true],
  // JSON, MongoDB, RFC 3339 in its spellings.
  ['2027-01-20T21:25:58Z', 0, true],
  ['2027-01-20t21:25:58z', 0, true],
  ['2027-01-20T21:25:58.999Z', 999, true],
  ['2027-01-20T21:25:58.9999999Z', 999, true],
  ['2027-01-20T21:25:58+00:00', 0, true],
  ['2027-01-20T21:25:58+0000', 0, true],
  ['2027-01-20T21:25:58-00:00', 0, true],
  ['2027-01-21T06:25:58+0900', 0, true],
  // SQL Server, Snowflake, Ruby, BigQuery.
  ['2027-01-20 21:25:58.1230000 +00:00', 123, true],
  ['2027-01-20 21:25:58.000 +0000', 0, true],
  ['2027-01-20 21:25:58.000 Z', 0, true],
  ['2027-01-20 21:25:58 UTC', 0, true],
  ['2027-01-20 21:25:58 GMT', 0, true],
  // MySQL, SQLite, PostgreSQL without time zone: UTC.
  ['2027-01-20 21:25:58', 0, false],
  ['2027-01-20T21:25:58', 0, false],
  ['2027-01-20 21:25:58.5', 500, false],
  // Seconds since 1970, as numbers and as text.
  [AT / 1000, 0, true],
  [AT / 1000 + 0.25, 250, true],
  [String(AT / 1000), 0, true],
  [`${AT / 1000}.0`, 0, true],
  [`${AT / 1000}.123456`, 123, true],
  [` ${AT / 1000} `, 0, true],
];

for (const [value, after, hasZone] of READ) {
  void test(`the time ${JSON.stringify(value)} is read`, () => {
    assert.deepEqual(parseTime(value, 'expires_at'), { atMs: AT + after, hasZone });
  });
}

const REFUSED: readonly (readonly [unknown, string])[] = [
  [AT, 'expires_at_milliseconds'],
  [String(AT), 'expires_at_milliseconds'],
  [`${AT}.5`, 'expires_at_milliseconds'],
  [`${AT}000`, 'expires_at_milliseconds'],
  [`${AT}000000`, 'expires_at_milliseconds'],
  ['100000000000', 'expires_at_milliseconds'],
  ['soon', 'expires_at_malformed'],
  ['infinity', 'expires_at_malformed'],
  ['-1', 'expires_at_malformed'],
  [-1, 'expires_at_malformed'],
  [true, 'expires_at_malformed'],
  [{ $date: '2027-01-20T21:25:58Z' }, 'expires_at_malformed'],
  ['1,800,000,000', 'expires_at_malformed'],
  ['2027-01-20', 'expires_at_malformed'],
  ['2027-01-20 21:25', 'expires_at_malformed'],
  ['20/01/2027 21:25:58', 'expires_at_malformed'],
  ['2027-01-20 21:25:58 CET', 'expires_at_malformed'],
  ['2027-01-20 21:25:58+24', 'expires_at_malformed'],
  ['2027-01-20 21:25:58+0', 'expires_at_malformed'],
  ['2027-01-20 21:25:58+00:60', 'expires_at_malformed'],
  ['2027-01-20 21:25:58.+00', 'expires_at_malformed'],
  ['2027-02-29 00:00:00+00', 'expires_at_malformed'],
  ['2027-13-01 00:00:00+00', 'expires_at_malformed'],
  ['0000-00-00 00:00:00', 'expires_at_malformed'],
  ['2027-01-20 24:00:00+00', 'expires_at_malformed'],
  ['2027-01-20 21:60:00+00', 'expires_at_malformed'],
  ['2027-01-20 21:25:60+00', 'expires_at_malformed'],
  ['1969-12-31 23:59:59+00', 'expires_at_malformed'],
];

for (const [value, fault] of REFUSED) {
  void test(`the time ${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => parseTime(value, 'expires_at'), { message: fault });
  });
}

void test('a missing time is not refused, and a refusal names its column', () => {
  for (const value of [undefined, null, '', '  ']) assert.equal(parseTime(value, 'created_at'), undefined);
  assert.throws(() => parseTime('x', 'created_at'), { message: 'created_at_malformed' });
  assert.throws(() => parseTime(AT, 'created_at'), { message: 'created_at_milliseconds' });
});
