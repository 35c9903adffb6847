import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Repeats } from '../providers/provider.ts';
import { exchangeDeadlineMs, mayPassPause, nextSendAt, sendAgainAt } from './ambiguity.ts';
import type { Silence } from './ambiguity.ts';
import { DEFAULT_TIMING } from './timing.ts';

const MINUTE: Repeats = { kind: 'overlap', seconds: 60 };
const SENT_MS = 1_000_000;

/** Seconds after the first send at which the next one is allowed; `undefined` for never. */
const nextAfter = (row: {
  repeats: Repeats;
  silence: Silence;
  atSeconds: number;
  failures?: number;
  pausedUntil?: number;
}) => {
  const { repeats, silence, atSeconds, failures = 1, pausedUntil = 0 } = row;
  const sends = { count: 1, firstAtMs: SENT_MS, lastAtMs: SENT_MS };
  const nowMs = SENT_MS + atSeconds * 1000;
  const at = nextSendAt(
    {
      sends,
      silence,
      failures,
      repeats,
      exchangeMs: 60_000,
      nowMs,
      pausedUntilMs: SENT_MS + pausedUntil * 1000,
      chance: 1,
    },
    DEFAULT_TIMING,
  );
  return at === undefined ? undefined : (at - SENT_MS) / 1000;
};

describe('the ambiguity rule', () => {
  const rows: readonly [string, Parameters<typeof nextAfter>[0], number | undefined][] = [
    [
      'with an overlap, a cut exchange is repeated soon',
      { repeats: MINUTE, silence: 'cut', atSeconds: 2 },
      3,
    ],
    ['the waiting time doubles', { repeats: MINUTE, silence: 'cut', atSeconds: 2, failures: 4 }, 10],
    [
      'but never past a quarter of the overlap',
      { repeats: MINUTE, silence: 'cut', atSeconds: 10, failures: 9 },
      25,
    ],
    [
      'and never past the last moment inside',
      { repeats: MINUTE, silence: 'cut', atSeconds: 45, failures: 9 },
      54,
    ],
    [
      'after the overlap, it waits as long as it must',
      { repeats: MINUTE, silence: 'cut', atSeconds: 55 },
      56,
    ],
    ['a pending answer does not hinder a repeat', { repeats: MINUTE, silence: 'pending', atSeconds: 1 }, 10],
    ['the second repeat', { repeats: MINUTE, silence: 'pending', atSeconds: 10 }, 20],
    [
      'after the last repeat, the exchange runs out',
      { repeats: MINUTE, silence: 'pending', atSeconds: 36 },
      60,
    ],
    [
      'a pause that ends inside the overlap is kept, and spread',
      { repeats: MINUTE, silence: 'answered', atSeconds: 2, pausedUntil: 12 },
      22,
    ],
    [
      'a longer pause leaves the last moment inside',
      { repeats: MINUTE, silence: 'answered', atSeconds: 2, pausedUntil: 122 },
      54,
    ],
    [
      'after that repeat, the pause holds',
      { repeats: MINUTE, silence: 'answered', atSeconds: 55, pausedUntil: 122 },
      182,
    ],
    [
      'a process that died is followed at once',
      { repeats: MINUTE, silence: 'cut', atSeconds: 5, failures: 0 },
      5,
    ],
    [
      'without an overlap, a cut exchange must be over',
      { repeats: { kind: 'once' }, silence: 'cut', atSeconds: 2 },
      60,
    ],
    [
      'also one whose process died',
      { repeats: { kind: 'once' }, silence: 'cut', atSeconds: 20, failures: 0 },
      60,
    ],
    ['and one that is pending', { repeats: { kind: 'once' }, silence: 'pending', atSeconds: 2 }, 60],
    [
      'an answer of the provider ends it',
      { repeats: { kind: 'once' }, silence: 'answered', atSeconds: 2 },
      3,
    ],
    [
      'a provider that punishes is never asked again',
      { repeats: { kind: 'never' }, silence: 'cut', atSeconds: 2 },
      undefined,
    ],
    [
      'client credentials are not used up',
      { repeats: { kind: 'free' }, silence: 'cut', atSeconds: 2, failures: 0 },
      2,
    ],
  ];
  for (const [name, row, expected] of rows) it(name, () => assert.equal(nextAfter(row), expected));

  it('sends again while an answer may come, only inside an overlap', () => {
    const sends = { count: 1, firstAtMs: SENT_MS, lastAtMs: SENT_MS };
    for (const kind of ['once', 'never', 'free'] as const)
      assert.equal(sendAgainAt(sends, { kind }, SENT_MS, DEFAULT_TIMING), undefined);
    assert.equal(sendAgainAt(sends, MINUTE, SENT_MS, DEFAULT_TIMING), SENT_MS + 10_000);
    assert.equal(
      sendAgainAt(sends, { kind: 'overlap', seconds: 15 }, SENT_MS + 10_000, DEFAULT_TIMING),
      undefined,
    );
  });
});

const mayPass = (
  atSeconds: number,
  {
    repeats = MINUTE,
    lastAtSeconds = 0,
    count = 1,
  }: { repeats?: Repeats; lastAtSeconds?: number; count?: number } = {},
): boolean =>
  mayPassPause(
    { count, firstAtMs: SENT_MS, lastAtMs: SENT_MS + lastAtSeconds * 1000 },
    repeats,
    SENT_MS + atSeconds * 1000,
    DEFAULT_TIMING,
  );

describe('a repeat in a pause of the client', () => {
  it('is allowed at the end of an overlap, and not before or after', () => {
    assert.deepEqual(
      [0, 53.999, 54, 59.999, 60].map((at) => mayPass(at)),
      [false, false, true, true, false],
    );
  });
  it('is allowed once', () => {
    assert.equal(mayPass(56, { lastAtSeconds: 53 }), true);
    assert.equal(mayPass(56, { lastAtSeconds: 54 }), false);
  });
  it('is for tokens that were sent, and for providers with an overlap', () => {
    assert.equal(mayPass(56, { count: 0 }), false);
    for (const kind of ['once', 'never', 'free'] as const)
      assert.equal(mayPass(56, { repeats: { kind } }), false);
  });
});

const deadlineAfter = (repeats: Repeats, atSeconds: number): number =>
  exchangeDeadlineMs(
    { count: 1, firstAtMs: SENT_MS, lastAtMs: SENT_MS },
    { repeats, exchangeSeconds: 60 },
    SENT_MS + atSeconds * 1000,
    DEFAULT_TIMING,
  ) / 1000;

describe('how long an exchange is waited for', () => {
  it('ends with the overlap, so that no repeat arrives after it', () => {
    assert.equal(deadlineAfter(MINUTE, 0), 54);
    assert.equal(deadlineAfter(MINUTE, 35), 19);
  });
  it('is whole without an overlap, and for the send after it', () => {
    assert.equal(deadlineAfter({ kind: 'once' }, 35), 60);
    assert.equal(deadlineAfter(MINUTE, 70), 60);
  });
});
