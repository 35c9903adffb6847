import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from './contract.ts';
import { judgeHistory } from './judge-history.ts';
import type { Exchange, History, HistoryEvent, Need, RotationRule } from './history.ts';
import type { FindingKind, Outcome } from './judgement.ts';

const OVERLAP: RotationRule = { rotation: 'overlap', overlapSeconds: 60 };
const STRICT: RotationRule = { rotation: 'strict', overlapSeconds: 0 };

const ANSWERS = {
  token: { kind: 'token' },
  later: { kind: 'later' },
  consent: { kind: 'consent' },
  hung: { kind: 'hung' },
  killed: { kind: 'killed' },
  failed: { kind: 'failed', how: 'exited with 1' },
  unusable: { kind: 'unusable', fault: 'expired' },
} as const satisfies Readonly<Record<string, Answer>>;

/** A need at a second, with what each run answered. */
const need = (
  number: number,
  atSeconds: number,
  answer: keyof typeof ANSWERS | readonly (keyof typeof ANSWERS)[],
  more: Partial<Need> = {},
): Need => ({
  kind: 'need',
  need: number,
  atMs: atSeconds * 1000,
  answers: [answer].flat().map((name) => ANSWERS[name]),
  killedAt: undefined,
  couldRepeat: true,
  hadSeconds: 0,
  ...more,
});

/** A request at a second that was exchanged, unless it says otherwise. */
const send = (
  number: number,
  atSeconds: number,
  presented: number,
  more: Partial<Exchange> = {},
): Exchange => ({
  kind: 'exchange',
  need: number,
  atMs: atSeconds * 1000,
  waitedMs: 0,
  presented,
  verdict: 'rotate',
  issued: presented + 1,
  reached: 'all',
  status: 200,
  silentUntilMs: undefined,
  hasRevoked: false,
  ...more,
});

const LOST = { reached: 'nothing', status: undefined } as const;
const HALF = { reached: 'part' } as const;
const NOT_JUDGED = { verdict: 'unjudged', issued: undefined } as const;
const REFUSED = { verdict: 'refuse', issued: undefined, status: 400 } as const;
const REPLAYED = { ...REFUSED, verdict: 'replay', hasRevoked: true } as const;
const repeats = (issued: number): Partial<Exchange> => ({ verdict: 'repeat', issued });

type Row = {
  readonly name: string;
  readonly rule?: RotationRule;
  readonly events: readonly HistoryEvent[];
  readonly outcome: Outcome;
  readonly because: RegExp;
  readonly findings?: readonly FindingKind[];
};

const KEPT: readonly Row[] = [
  {
    name: 'each token is stored and used once',
    events: [send(0, 0, 0), need(0, 0, 'token'), send(1, 7200, 1), need(1, 7200, 'token')],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'a lost answer is repeated in the same run',
    events: [send(0, 0, 0, LOST), send(0, 0, 0, repeats(1)), need(0, 0, 'token')],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'a lost answer is repeated by the next run, inside the overlap',
    events: [send(0, 0, 0, HALF), need(0, 0, 'later'), send(1, 10, 0, repeats(1)), need(1, 10, 'token')],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'two runs at once share the overlap',
    events: [send(0, 0, 0), send(0, 0, 0, repeats(1)), need(0, 0, ['token', 'token'])],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'two runs at once of a token that works once: the loser used an old one, and the grant lives',
    rule: STRICT,
    events: [
      send(0, 0, 0),
      send(0, 0, 0, REFUSED),
      need(0, 0, ['token', 'later']),
      send(1, 3600, 1),
      need(1, 3600, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
    findings: ['reused_old_token'],
  },
  {
    name: 'consent is asked for in an outage, and the next run works',
    events: [
      send(0, 0, 0, { ...NOT_JUDGED, status: 503 }),
      need(0, 0, 'consent'),
      send(1, 10, 0),
      need(1, 10, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
    findings: ['asked_needlessly'],
  },
  {
    name: 'an expired token is printed once',
    events: [need(0, 7300, 'unusable'), send(1, 7310, 0), need(1, 7310, 'token')],
    outcome: 'kept',
    because: /kept/,
    findings: ['unusable_token'],
  },
  {
    name: 'seven requests in one run are too many',
    events: [
      ...Array.from({ length: 7 }, () => send(0, 0, 0, { ...NOT_JUDGED, status: 502 })),
      need(0, 0, 'later'),
      send(1, 10, 0),
      need(1, 10, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
    findings: ['hammered'],
  },
  {
    name: 'six requests in one run are not',
    events: [
      ...Array.from({ length: 6 }, () => send(0, 0, 0, { ...NOT_JUDGED, status: 502 })),
      need(0, 0, 'later'),
      send(1, 10, 0),
      need(1, 10, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'one retry before the end of Retry-After is forgiven, two are not',
    events: [
      ...Array.from({ length: 2 }, () =>
        send(0, 0, 0, { ...NOT_JUDGED, status: 429, silentUntilMs: 30_000 }),
      ),
      need(0, 0, 'later'),
      ...Array.from({ length: 3 }, () =>
        send(1, 40, 0, { ...NOT_JUDGED, status: 429, silentUntilMs: 70_000 }),
      ),
      need(1, 40, 'later'),
      send(2, 80, 0),
      need(2, 80, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
    findings: ['hammered'],
  },
  {
    name: 'a run that really waits as long as Retry-After says may retry, though the clock of the world stands still',
    events: [
      send(0, 0, 0, { ...NOT_JUDGED, status: 503, silentUntilMs: 2000 }),
      send(0, 0, 0, { ...NOT_JUDGED, status: 503, waitedMs: 2100, silentUntilMs: 4100 }),
      send(0, 0, 0, { waitedMs: 4200 }),
      need(0, 0, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'the secret goes to another host',
    events: [
      send(0, 0, 0, { ...NOT_JUDGED, status: 307 }),
      { kind: 'leaked', need: 0, atMs: 0 },
      need(0, 0, 'later'),
      send(1, 10, 0),
      need(1, 10, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
    findings: ['leaked_secret'],
  },
  {
    name: 'requests to be patient that never arrived are not ignored',
    events: [
      ...Array.from({ length: 3 }, () =>
        send(0, 0, 0, { ...NOT_JUDGED, ...LOST, status: 429, silentUntilMs: 30_000 }),
      ),
      need(0, 0, 'later'),
      send(1, 10, 0),
      need(1, 10, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'one of two runs at the end has a token, and the other waits',
    events: [send(0, 0, 0), need(0, 0, ['later', 'token'])],
    outcome: 'kept',
    because: /kept/,
  },
  {
    name: 'a server that was put back to an old state resynchronises',
    events: [
      send(0, 0, 0),
      need(0, 0, 'token'),
      send(1, 7200, 1, { verdict: 'resync', issued: 2 }),
      need(1, 7200, 'token'),
    ],
    outcome: 'kept',
    because: /kept/,
  },
];

/** A dead token, sent by each of these calls once. */
const callsWithDeadToken = (calls: number): readonly HistoryEvent[] => [
  { kind: 'ended', atMs: 0, by: 'owner' },
  ...Array.from({ length: calls }, (_, call) => [
    send(call, call + 1, 0, REFUSED),
    need(call, call + 1, 'consent'),
  ]).flat(),
];

const AVOIDABLE: readonly Row[] = [
  {
    name: 'after a lost answer it does not know its refresh token any more',
    events: [
      send(0, 0, 0, LOST),
      need(0, 0, 'killed', { killedAt: 'commit' }),
      send(1, 5, 0, { ...NOT_JUDGED, presented: undefined, status: 400 }),
      need(1, 5, 'later'),
      send(2, 7200, 0, { ...NOT_JUDGED, presented: undefined, status: 400 }),
      need(2, 7200, 'later'),
    ],
    outcome: 'lost_avoidably',
    because: /requests that cannot succeed/,
  },
  {
    name: 'an answer without a refresh token is not taken, though its access token works',
    rule: { rotation: 'none', overlapSeconds: 0 },
    events: [
      send(0, 0, 0, { ...repeats(0), reached: 'nothing' }),
      need(0, 0, 'later'),
      send(1, 7200, 0, { ...repeats(0), reached: 'nothing' }),
      need(1, 7200, 'later'),
    ],
    outcome: 'lost_avoidably',
    because: /answered with a token that works, and it did not take it/,
  },
  {
    name: 'what the command did first is not excused by what happens later',
    events: [
      send(0, 0, 0),
      need(0, 0, 'token'),
      send(1, 7200, 0, REPLAYED),
      need(1, 7200, 'consent'),
      { kind: 'ended', atMs: 7_300_000, by: 'owner' },
      need(2, 7400, 'consent'),
    ],
    outcome: 'lost_avoidably',
    because: /a new refresh token reached it/,
    findings: ['reused_old_token'],
  },
  {
    name: 'the first token is sent again long after its successor arrived',
    events: [send(0, 0, 0), need(0, 0, 'token'), send(1, 7200, 0, REPLAYED), need(1, 7200, 'consent')],
    outcome: 'lost_avoidably',
    because: /a new refresh token reached it/,
    findings: ['reused_old_token'],
  },
  {
    name: 'an answer is lost, and the token is sent again only after the overlap',
    events: [send(0, 0, 0, LOST), need(0, 0, 'later'), send(1, 7200, 0, REPLAYED), need(1, 7200, 'consent')],
    outcome: 'lost_avoidably',
    because: /did not send the same refresh token again in time/,
  },
  {
    name: 'an answer is lost, and the run waits for it until it is stopped',
    events: [send(0, 0, 0, LOST), need(0, 0, 'hung'), send(1, 600, 0, REPLAYED), need(1, 600, 'consent')],
    outcome: 'lost_avoidably',
    because: /did not come back/,
    findings: ['hung'],
  },
  {
    name: 'killed as it printed the token, it sends the old one after the overlap',
    events: [
      send(0, 0, 0),
      need(0, 0, 'killed', { killedAt: 'exit' }),
      send(1, 7200, 0, REPLAYED),
      need(1, 7200, 'consent'),
    ],
    outcome: 'lost_avoidably',
    because: /killed as it printed/,
    findings: ['reused_old_token'],
  },
  {
    name: 'a state that is torn by a kill stops it forever',
    rule: STRICT,
    events: [
      send(0, 0, 0),
      need(0, 0, 'killed', { killedAt: 'storing' }),
      need(1, 10, 'failed'),
      need(2, 20, 'failed'),
    ],
    outcome: 'lost_avoidably',
    because: /half a file/,
  },
  {
    name: 'a lock that a killed run left stops it forever',
    events: [
      send(0, 0, 0, { ...NOT_JUDGED, ...LOST }),
      need(0, 0, 'killed', { killedAt: 'request' }),
      need(1, 10, 'hung'),
      need(2, 7200, 'hung'),
    ],
    outcome: 'lost_avoidably',
    because: /after it had been killed/,
    findings: ['hung', 'hung'],
  },
  {
    name: 'an outage makes it give the grant up',
    events: [send(0, 0, 0, { ...NOT_JUDGED, status: 503 }), need(0, 0, 'consent'), need(1, 10, 'consent')],
    outcome: 'lost_avoidably',
    because: /asked for new consent although/,
    findings: ['asked_needlessly', 'asked_needlessly'],
  },
  {
    name: 'it never refreshes and prints the first token again and again',
    events: [need(0, 0, 'token'), need(1, 7300, 'unusable')],
    outcome: 'lost_avoidably',
    because: /a token that does not work/,
    findings: ['unusable_token'],
  },
  {
    name: 'it crashes on what it stored',
    events: [send(0, 0, 0), need(0, 0, 'token'), need(1, 7300, 'failed')],
    outcome: 'lost_avoidably',
    because: /it failed/,
  },
  {
    name: 'it stores an error forever',
    events: [send(0, 0, 0, { ...NOT_JUDGED, status: 503 }), need(0, 0, 'later'), need(1, 7300, 'later')],
    outcome: 'lost_avoidably',
    because: /sent no request/,
  },
  {
    name: 'it sends what it stored of an empty answer',
    events: [
      send(0, 0, 0, { ...NOT_JUDGED, status: 200 }),
      need(0, 0, 'later'),
      send(1, 10, 0, { ...NOT_JUDGED, presented: undefined, status: 400 }),
      need(1, 10, 'later'),
    ],
    outcome: 'lost_avoidably',
    because: /cannot succeed/,
  },
  {
    name: 'two runs at once, and later the loser’s old token is sent',
    rule: STRICT,
    events: [
      send(0, 0, 0),
      send(0, 0, 0, REFUSED),
      need(0, 0, ['token', 'later']),
      send(1, 3600, 0, REPLAYED),
      need(1, 3600, 'consent'),
    ],
    outcome: 'lost_avoidably',
    because: /took that for theft/,
    findings: ['reused_old_token', 'reused_old_token'],
  },
];

const UNAVOIDABLE: readonly Row[] = [
  {
    name: 'a dead token is sent once by each of four calls',
    events: callsWithDeadToken(4),
    outcome: 'lost_unavoidably',
    because: /the owner ended it/,
  },
  {
    name: 'a dead token is sent once by each of five calls, which is once too often',
    events: callsWithDeadToken(5),
    outcome: 'lost_unavoidably',
    because: /the owner ended it/,
    findings: ['hammered'],
  },
  {
    name: 'the state folder is put back by two tokens, inside the overlap of the second',
    events: [
      need(0, 0, 'token'),
      send(1, 10, 0),
      need(1, 10, 'token'),
      send(2, 20, 1),
      need(2, 20, 'token'),
      { kind: 'rolled_back', atMs: 30_000, toNeed: 0 },
      send(3, 30, 0, REFUSED),
      need(3, 30, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /put back/,
    findings: [],
  },
  {
    name: 'a token that works once is exchanged, and the answer is lost',
    rule: STRICT,
    events: [
      send(0, 0, 0, LOST),
      send(0, 0, 0, REFUSED),
      need(0, 0, 'later'),
      send(1, 60, 0, REPLAYED),
      need(1, 60, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /the answer was lost, and no repeat/,
  },
  {
    name: 'the same, and the owner never hears of it',
    rule: STRICT,
    events: [
      send(0, 0, 0, HALF),
      need(0, 0, 'later'),
      send(1, 60, 0, REPLAYED),
      need(1, 60, 'later'),
      need(2, 120, 'later'),
    ],
    outcome: 'lost_unavoidably',
    because: /the answer was lost, and no repeat/,
    findings: ['never_asked'],
  },
  {
    name: 'a token that works once is exchanged, and the run is killed before it can store the answer',
    rule: STRICT,
    events: [
      send(0, 0, 0),
      need(0, 0, 'killed', { killedAt: 'answer' }),
      send(1, 10, 0, REFUSED),
      need(1, 10, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /killed before the answer/,
    // The answer had reached the dead process, not the state: the old token was all there was.
    findings: [],
  },
  {
    name: 'killed after the commit, and called again only after the overlap',
    events: [
      send(0, 0, 0, LOST),
      need(0, 0, 'killed', { killedAt: 'commit' }),
      send(1, 120, 0, REPLAYED),
      need(1, 120, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /killed before the answer; no repeat/,
  },
  {
    name: 'the owner ends the grant',
    events: [
      send(0, 0, 0),
      need(0, 0, 'token'),
      { kind: 'ended', atMs: 1000, by: 'owner' },
      send(1, 7200, 1, REFUSED),
      need(1, 7200, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /the owner ended it/,
  },
  {
    name: 'the refresh token expires unused',
    events: [
      need(0, 0, 'token'),
      { kind: 'ended', atMs: 5_184_001_000, by: 'age' },
      send(1, 5_184_001, 0, REFUSED),
      need(1, 5_184_001, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /no token was needed/,
  },
  {
    name: 'a thief has used the token',
    events: [
      need(0, 0, 'token'),
      { kind: 'ended', atMs: 1000, by: 'thief' },
      send(1, 7200, 0, REPLAYED),
      need(1, 7200, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /somebody else/,
  },
  {
    name: 'the state folder is put back to a time before the newest token',
    events: [
      need(0, 0, 'token'),
      send(1, 7200, 0),
      need(1, 7200, 'token'),
      { kind: 'rolled_back', atMs: 14_400_000, toNeed: 0 },
      send(2, 14_400, 0, REPLAYED),
      need(2, 14_400, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /put back/,
    findings: [],
  },
  {
    name: 'a dead token is sent again and again in one run',
    events: [
      { kind: 'ended', atMs: 0, by: 'owner' },
      send(0, 1, 0, REFUSED),
      send(0, 1, 0, REFUSED),
      send(0, 1, 0, REFUSED),
      need(0, 1, 'consent'),
    ],
    outcome: 'lost_unavoidably',
    because: /the owner ended it/,
    findings: ['hammered'],
  },
];

for (const { name, rule = OVERLAP, events, outcome, because, findings = [] } of [
  ...KEPT,
  ...AVOIDABLE,
  ...UNAVOIDABLE,
])
  test(`${outcome.replace('_', ' ')}: ${name}`, () => {
    const history: History = { rule, events };
    const judgement = judgeHistory(history);
    assert.equal(judgement.outcome, outcome);
    assert.match(judgement.because, because);
    assert.deepEqual(
      judgement.findings.map(({ kind }) => kind),
      findings,
    );
  });

test('every avoidable loss and every finding comes with advice', () => {
  for (const { events, rule = OVERLAP } of AVOIDABLE) {
    const { advice, findings } = judgeHistory({ rule, events });
    assert.match(advice ?? '', /\.$/);
    for (const finding of findings) assert.match(finding.advice, /\.$/);
  }
});

test('refreshes of a token that was good for long are counted, and are no fault', () => {
  const events = [send(0, 0, 0), need(0, 0, 'token', { hadSeconds: 3600 })];
  const { needlessRefreshes, findings } = judgeHistory({ rule: OVERLAP, events });
  assert.equal(needlessRefreshes, 1);
  assert.deepEqual(findings, []);
});

test('a kill that a careful command survives excuses nothing, at the moments after it has stored', () => {
  for (const killedAt of ['storing', 'print', 'exit'] as const) {
    const events = [
      send(0, 0, 0),
      need(0, 0, 'killed', { killedAt }),
      send(1, 60, 0, REPLAYED),
      need(1, 60, 'consent'),
    ];
    assert.equal(judgeHistory({ rule: STRICT, events }).outcome, 'lost_avoidably');
  }
});

test('the last moment of the overlap is open, and the next is not', () => {
  for (const [atSeconds, outcome] of [
    [59, 'lost_avoidably'],
    [60, 'lost_unavoidably'],
  ] as const) {
    const events = [
      send(0, 0, 0, LOST),
      need(0, 0, 'killed', { killedAt: 'commit' }),
      need(1, atSeconds, 'later'),
      need(2, 7200, 'later'),
    ];
    assert.equal(judgeHistory({ rule: OVERLAP, events }).outcome, outcome);
  }
});

test('while faults are left a repeat in the same run could not have helped', () => {
  const events = [send(0, 0, 0, LOST), need(0, 0, 'later', { couldRepeat: false }), need(1, 120, 'later')];
  assert.equal(judgeHistory({ rule: OVERLAP, events }).outcome, 'lost_unavoidably');
});
