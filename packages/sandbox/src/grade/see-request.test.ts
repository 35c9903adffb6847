import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalAnswer, JournalEntry } from '../journal/entry.ts';
import type { SeenRequest } from './grade-world.ts';
import { seeRequest } from './see-request.ts';

const ANSWER: JournalAnswer = {
  status: 200,
  refreshToken: 'g1/4',
  accessToken: 'g1 access',
  error: undefined,
  retryAfterSeconds: undefined,
  isMadeUp: false,
};

const ENTRY = {
  number: 7,
  sequence: 20,
  stage: 'ended',
  atMs: 1000,
  token: 'g1/3',
  verdict: 'rotate',
  because: undefined,
  says: 'The current token was exchanged for its successor.',
  isCommitted: true,
  faults: [],
  answer: ANSWER,
  delivered: 'all',
} as unknown as JournalEntry;

const ROWS: readonly (readonly [
  name: string,
  entry: Partial<JournalEntry>,
  seen: Partial<Pick<SeenRequest, 'presented' | 'issued' | 'reached' | 'verdict' | 'status' | 'hasRevoked'>>,
])[] = [
  ['an exchange', {}, { presented: 3, issued: 4, reached: 'all', verdict: 'rotate', status: 200 }],
  [
    'an exchange without an answer',
    { delivered: 'none' },
    { issued: 4, reached: 'nothing', status: undefined },
  ],
  ['half of an answer', { delivered: 'part' }, { issued: 4, reached: 'part', status: 200 }],
  ['a command that had gone', { delivered: 'client_gone' }, { issued: 4, reached: 'nothing' }],
  ['an answer that is on its way', { delivered: 'pending', stage: 'committed' }, { reached: 'nothing' }],
  [
    'a whole answer that a fault has emptied',
    { answer: { ...ANSWER, refreshToken: undefined, accessToken: undefined, isMadeUp: true } },
    { issued: 4, reached: 'nothing', status: 200 },
  ],
  ['a repeat', { token: 'g1/3', verdict: 'repeat' }, { presented: 3, issued: 4, reached: 'all' }],
  [
    'a token that is never exchanged, in an answer without one',
    { verdict: 'repeat', isCommitted: false, answer: { ...ANSWER, refreshToken: undefined } },
    { presented: 3, issued: 3 },
  ],
  [
    'a lost store that goes on',
    { token: 'g1/8', verdict: 'resync', answer: { ...ANSWER, refreshToken: 'g1/9' } },
    { presented: 8, issued: 9, verdict: 'resync' },
  ],
  [
    'a request that was sent twice, of which the second was refused',
    {
      verdict: 'refuse',
      isCommitted: true,
      faults: ['f1'],
      answer: { ...ANSWER, status: 400, refreshToken: undefined },
    },
    { presented: 3, issued: 4, reached: 'nothing', status: 400 },
  ],
  [
    'a refusal',
    { verdict: 'refuse', isCommitted: false, answer: { ...ANSWER, status: 400, refreshToken: undefined } },
    { issued: undefined, reached: 'all', status: 400, hasRevoked: false },
  ],
  [
    'a replay',
    { verdict: 'replay', answer: { ...ANSWER, status: 400, refreshToken: undefined } },
    { issued: undefined, verdict: 'replay', hasRevoked: true },
  ],
  [
    'an answer of a gateway',
    { verdict: 'none', isCommitted: false, answer: { ...ANSWER, status: 502, refreshToken: undefined } },
    { issued: undefined, verdict: 'unjudged', status: 502 },
  ],
  ['a word that is no token', { token: 'unknown', verdict: 'refuse', faults: [] }, { presented: undefined }],
  ['no token at all', { token: undefined, verdict: 'refuse', faults: [] }, { presented: undefined }],
];

for (const [name, entry, seen] of ROWS)
  test(`the judge sees ${name}`, () => {
    assert.partialDeepStrictEqual(seeRequest({ ...ENTRY, ...entry }, 0), seen);
  });
