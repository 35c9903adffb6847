import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Outcome, VisiblePolicy } from './call.ts';
import { createChance } from '../chance.ts';
import { checkHistory } from './history.ts';
import { countUsesBeyondPolicy } from './token-uses.ts';

const STRICT: VisiblePolicy = { rotation: 'strict', overlapSeconds: 0 };
const OVERLAP: VisiblePolicy = { rotation: 'overlap', overlapSeconds: 60 };
const UNTIL_USED: VisiblePolicy = { rotation: 'until-used', overlapSeconds: 0 };
const NONE: VisiblePolicy = { rotation: 'none', overlapSeconds: 0 };

const REFUSED: Outcome = { kind: 'refused' };
const LOST: Outcome = { kind: 'lost', status: undefined };
const UNAVAILABLE: Outcome = { kind: 'unavailable', retryAfter: '2' };
const got = (refreshToken: string): Outcome => ({ kind: 'answered', refreshToken, accessToken: 'a' });

/** Start and end in milliseconds, the presented token, the outcome, the `Idempotency-Key`. */
type Line = readonly [number, number, string, Outcome, string?];
type Case = { readonly name: string; readonly policy: VisiblePolicy; readonly lines: readonly Line[] };

const toCalls = (lines: readonly Line[]): readonly Call[] =>
  lines.map(([startMs, endMs, token, outcome, idempotencyKey]) => ({
    startMs,
    endMs,
    token,
    idempotencyKey,
    outcome,
  }));

const GOOD: readonly Case[] = [
  {
    name: 'one call after another, each with the newest token',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
      [40, 50, 't0', REFUSED],
      [60, 70, 't2', got('t3')],
    ],
  },
  {
    name: 'a lost answer to a use that took effect, so that strict refuses the retry',
    policy: STRICT,
    lines: [
      [0, 10, 't0', LOST],
      [20, 30, 't0', REFUSED],
    ],
  },
  {
    name: 'a lost answer to a use that never took effect',
    policy: STRICT,
    lines: [
      [0, 10, 't0', LOST],
      [20, 30, 't0', got('t1')],
      [40, 50, 't0', REFUSED],
    ],
  },
  {
    name: 'a lost use that takes effect after its client gave up and sent another call',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', LOST],
      [40, 50, 't0', got('t1')],
      [60, 70, 't0', got('t2')],
      [80, 90, 't1', got('t2')],
      [100, 110, 't2', got('t3')],
    ],
  },
  {
    name: 'two concurrent uses, of which strict accepts one',
    policy: STRICT,
    lines: [
      [0, 10, 't0', REFUSED],
      [0, 10, 't0', got('t1')],
    ],
  },
  {
    name: 'two concurrent uses that get the same successor within the overlap',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [5, 15, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
    ],
  },
  {
    name: 'an old token during a rotation, answered with the newest token before the rotation',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 40, 't1', got('t2')],
      [25, 45, 't0', got('t1')],
    ],
  },
  {
    name: 'an old token that is refused after its overlap',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [70_000, 70_010, 't0', REFUSED],
    ],
  },
  {
    name: 'a retry with the same Idempotency-Key under strict',
    policy: STRICT,
    lines: [
      [0, 10, 't0', LOST, 'k0'],
      [20, 30, 't0', got('t1'), 'k0'],
      [40, 50, 't1', got('t2'), 'k1'],
      [60, 70, 't0', REFUSED, 'k0'],
    ],
  },
  {
    name: 'a late retry under until-used',
    policy: UNTIL_USED,
    lines: [
      [0, 10, 't0', LOST],
      [900_000, 900_010, 't0', got('t1')],
      [900_020, 900_030, 't0', got('t1')],
      [900_040, 900_050, 't1', got('t2')],
      [900_060, 900_070, 't0', REFUSED],
    ],
  },
  {
    name: 'a 503 whose use took effect, and its retry',
    policy: STRICT,
    lines: [
      [0, 10, 't0', UNAVAILABLE],
      [20, 30, 't0', got('t1')],
      [40, 50, 't0', got('t1')],
      [60, 70, 't1', got('t2')],
    ],
  },
  {
    name: 'one permanent token without rotation, with a lost answer',
    policy: NONE,
    lines: [
      [0, 10, 't0', got('t0')],
      [20, 30, 't0', LOST],
      [40, 50, 't0', got('t0')],
    ],
  },
];

const BAD: readonly Case[] = [
  {
    name: 'two successors of one token, one after the other',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't0', got('t2')],
    ],
  },
  {
    name: 'two successors of one token, concurrently',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [0, 10, 't0', got('t2')],
    ],
  },
  {
    name: 'a fork that continues: both successors get their own successors',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', LOST],
      [5, 15, 't0', got('t1')],
      [6, 16, 't0', got('u1')],
      [20, 30, 't1', got('t2')],
      [20, 30, 'u1', got('u2')],
    ],
  },
  {
    name: 'a used token that works again under strict',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't0', got('t1')],
    ],
  },
  {
    name: 'a used token that works again after its successor was used',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
      [40, 50, 't0', got('t3')],
    ],
  },
  {
    name: 'a used token that works beyond its overlap',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [60_100, 60_110, 't0', got('t1')],
    ],
  },
  {
    name: 'a predecessor that works after its successor was used under until-used',
    policy: UNTIL_USED,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
      [40, 50, 't0', got('t2')],
    ],
  },
  {
    name: 'a second use under strict with another Idempotency-Key',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1'), 'k0'],
      [20, 30, 't0', got('t1'), 'k1'],
    ],
  },
  {
    name: 'an answered rotation that a crash lost: its successor is refused',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', LOST],
      [40, 50, 't1', REFUSED],
    ],
  },
  {
    name: 'an answered rotation that a crash lost: the store is back at the earlier token',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
      [40, 50, 't2', LOST],
      [60, 70, 't1', got('t2')],
    ],
  },
  {
    name: 'a newest token that is refused although no answer was lost',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', REFUSED],
    ],
  },
  {
    name: 'a newest token that is refused because of a 503 to its predecessor',
    policy: STRICT,
    lines: [
      [0, 10, 't0', UNAVAILABLE],
      [20, 30, 't0', got('t1')],
      [40, 50, 't1', REFUSED],
    ],
  },
  {
    name: 'a retry refused within its overlap',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', LOST],
      [20, 30, 't0', REFUSED],
    ],
  },
  {
    name: 'a retry with the same Idempotency-Key refused',
    policy: STRICT,
    lines: [
      [0, 10, 't0', LOST, 'k0'],
      [20, 30, 't0', REFUSED, 'k0'],
    ],
  },
  {
    name: 'a retry under until-used refused',
    policy: UNTIL_USED,
    lines: [
      [0, 10, 't0', LOST],
      [20, 30, 't0', REFUSED],
    ],
  },
  {
    name: 'a repeat answered with a token that is no longer the newest',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t2')],
      [40, 50, 't0', got('t1')],
    ],
  },
  {
    name: 'an answer with a token that was created later',
    policy: OVERLAP,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't0', got('t2')],
      [40, 50, 't1', got('t2')],
    ],
  },
  {
    name: 'a token exchanged for itself',
    policy: STRICT,
    lines: [[0, 10, 't0', got('t0')]],
  },
  {
    name: 'a token exchanged for an earlier one',
    policy: STRICT,
    lines: [
      [0, 10, 't0', got('t1')],
      [20, 30, 't1', got('t0')],
    ],
  },
  {
    name: 'a rotation although the policy has none',
    policy: NONE,
    lines: [[0, 10, 't0', got('t1')]],
  },
  {
    name: 'a token that no client received',
    policy: STRICT,
    lines: [[0, 10, 'guess', got('t1')]],
  },
];

for (const { name, policy, lines } of GOOD) {
  test(`the checker accepts: ${name}`, () => {
    assert.deepEqual(checkHistory('t0', toCalls(lines), policy), { isLinearizable: true });
  });
  test(`the checker counts no use outside the policy: ${name}`, () => {
    assert.equal(countUsesBeyondPolicy(toCalls(lines), policy), 0);
  });
}

for (const { name, policy, lines } of BAD) {
  test(`the checker rejects: ${name}`, () => {
    assert.equal(checkHistory('t0', toCalls(lines), policy).isLinearizable, false);
  });
}

for (const name of [
  'a used token that works again under strict',
  'a used token that works again after its successor was used',
  'a used token that works beyond its overlap',
  'a predecessor that works after its successor was used under until-used',
  'a second use under strict with another Idempotency-Key',
]) {
  test(`the checker counts one use outside the policy: ${name}`, () => {
    const { policy, lines } = BAD.find((one) => one.name === name) ?? { policy: NONE, lines: [] };
    assert.equal(countUsesBeyondPolicy(toCalls(lines), policy), 1);
  });
}

/** The answers of a grant with an endless overlap to calls that take effect one by one, each within its start and end. */
const drawHistory = (seed: number, length: number): Call[] => {
  const chance = createChance(seed);
  let generation = 0;
  let newestSeen = 0;
  return Array.from({ length }, (_, index): Call => {
    const presented = Math.max(0, newestSeen - chance.integer(0, 2));
    const isLost = chance.isTrue(0.3);
    if (presented === generation && !(isLost && chance.isTrue(0.5))) generation++;
    if (!isLost) newestSeen = generation;
    const atMs = index * 10;
    // A client presents a token only after it got the token, so a start cannot be before the end of that answer.
    return {
      startMs: atMs - chance.integer(0, 4),
      endMs: atMs + chance.integer(0, 4),
      token: `t${presented}`,
      idempotencyKey: undefined,
      outcome: isLost ? LOST : got(`t${generation}`),
    };
  });
};

test('the checker accepts every random history in which calls take effect one by one', () => {
  for (let seed = 0; seed < 300; seed++)
    assert.deepEqual(checkHistory('t0', drawHistory(seed, 60), OVERLAP), { isLinearizable: true }, `${seed}`);
});

test('the checker rejects every random history with a fork in it', () => {
  for (let seed = 0; seed < 300; seed++) {
    const calls = drawHistory(seed, 60);
    const atMs = seed * 2 + 0.5;
    const fork: Line[] = [
      [atMs, atMs + 0.1, 't0', got('one')],
      [atMs + 0.2, atMs + 0.3, 't0', got('other')],
    ];
    assert.equal(
      checkHistory('t0', [...calls, ...toCalls(fork)], OVERLAP).isLinearizable,
      false,
      `seed ${seed}`,
    );
  }
});

test('the checker can process 20 000 calls, many of them with lost answers', () => {
  const calls = drawHistory(1, 20_000).map((call, index) => ({
    ...call,
    startMs: index * 10,
    endMs: index * 10 + 1,
  }));
  assert.deepEqual(checkHistory('t0', calls, { rotation: 'overlap', overlapSeconds: 900 }), {
    isLinearizable: true,
  });
});
