import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineClock, examineSharedClock } from './examine-clock.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 1);

const timeOf = ({ skewMs = 0, doubtMs = 0 }) => ({
  now: () => NOW_MS,
  skewMs: () => skewMs,
  isFarOff: () => Math.abs(skewMs) > 3_600_000,
  doubt: () => (doubtMs === 0 ? undefined : { beforeMs: NOW_MS, byMs: doubtMs }),
  earliest: () => NOW_MS - doubtMs,
});

const CASES = [
  { name: 'a clock that nothing contradicts', verdict: 'ok' },
  { name: 'a stop of a day', doubtMs: DAY_MS, verdict: 'ok' },
  { name: 'a stop of more than a day, or a clock ahead', doubtMs: DAY_MS + 1, verdict: 'warn' },
  { name: 'a clock behind what a server noted', skewMs: -70 * DAY_MS, verdict: 'fail' },
  { name: 'a clock behind the newest grant', newestGrantAtMs: NOW_MS + 60_001, verdict: 'fail' },
];

for (const { name, verdict, newestGrantAtMs = 0, ...more } of CASES)
  test(`doctor: ${name} is ${verdict}`, () =>
    assert.equal(examineClock(timeOf(more), newestGrantAtMs).verdict, verdict));

const SHARED = [
  [5000, 'ok', /2026-01-01T00:00:05/],
  [-5001, 'warn', /5 s behind the database's/],
  [3_600_001, 'fail', /3600 s ahead of the database's/],
] as const;

for (const [skewMs, verdict, finding] of SHARED)
  test(`doctor: a clock ${skewMs} ms ahead of the database's is ${verdict}`, () => {
    const found = examineSharedClock(timeOf({ skewMs }));
    assert.equal(found.verdict, verdict);
    assert.match(found.finding.en, finding);
  });
