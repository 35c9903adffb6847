import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noteUnclear, verdictOf } from './correlate.ts';
import { DEFAULT_TIMING } from './timing.ts';

const NOW_MS = 10_000_000;
const refusals = (grantId: string, firstAgoMs: number, count: number, lastAgoMs = 0) => ({
  grantId,
  firstAtMs: NOW_MS - firstAgoMs,
  lastAtMs: NOW_MS - lastAgoMs,
  count,
});
const refusal = (grantId: string, sentAtMs: number, isRecognised = true) => ({
  grantId,
  sentAtMs,
  isRecognised,
});

describe('whose fault an unclear refusal is', () => {
  const many = ['b', 'c', 'd', 'e'].map((id) => refusals(id, 1000, 1));
  const rows = [
    ['the first refusal alone says nothing', [refusals('a', 0, 1)], undefined, 'wait'],
    [
      'a success of another grant afterwards clears the client',
      [refusals('a', 5000, 1)],
      NOW_MS - 1000,
      'grant',
    ],
    ['a success before it does not', [refusals('a', 5000, 1)], NOW_MS - 6000, 'wait'],
    ['five grants in ten minutes cannot all be dead', [refusals('a', 0, 1), ...many], undefined, 'client'],
    ['four may be', [refusals('a', 0, 1), ...many.slice(1)], undefined, 'wait'],
    [
      'old refusals do not count',
      [refusals('a', 0, 1), ...many.map((one) => ({ ...one, lastAtMs: 0 }))],
      undefined,
      'wait',
    ],
    [
      'a grant that is alone is believed after three refusals and ten minutes',
      [refusals('a', 600_000, 3)],
      1,
      'grant',
    ],
    ['its client is, if its secret never worked', [refusals('a', 600_000, 3)], undefined, 'client'],
    ['not after two', [refusals('a', 600_000, 2)], 1, 'wait'],
    ['not before', [refusals('a', 599_000, 9)], 1, 'wait'],
  ] as const;
  for (const [name, unclear, clientSuccessAtMs, expected] of rows)
    it(name, () =>
      assert.equal(
        verdictOf(
          { grantId: 'a', clientSuccessAtMs, unclear, nowMs: NOW_MS, latest: (atMs) => atMs },
          DEFAULT_TIMING,
        ),
        expected,
      ),
    );

  it('counts the refusals of a grant from the first', () => {
    const once = noteUnclear([], refusal('a', 1));
    assert.deepEqual(noteUnclear(once, refusal('a', 5)), [
      { grantId: 'a', firstAtMs: 1, lastAtMs: 5, count: 2 },
    ]);
  });

  it('counts none that the profile does not list, and begins anew with the first that it lists', () => {
    const unrecognised = noteUnclear([], refusal('a', 1, false));
    assert.deepEqual(noteUnclear(unrecognised, refusal('a', 5)), [
      { grantId: 'a', firstAtMs: 5, lastAtMs: 5, count: 1 },
    ]);
    const listed = noteUnclear([], refusal('a', 1));
    assert.deepEqual(noteUnclear(listed, refusal('a', 5, false)), [
      { grantId: 'a', firstAtMs: 1, lastAtMs: 5, count: 1 },
    ]);
  });

  it('keeps the last twenty grants', () => {
    let noted = noteUnclear([], refusal('first', 0));
    for (let count = 0; count < 20; count++) noted = noteUnclear(noted, refusal(`${count}`, count));
    assert.equal(noted.length, 20);
    assert.ok(!noted.some(({ grantId }) => grantId === 'first'));
  });
});
