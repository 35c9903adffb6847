import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOfRun, readAnswer } from './contract.ts';
import type { Answer, Ending, TokenKind } from './contract.ts';

const ACCESS = '0b6f2c1e-8f0a-4c55-9d39-5d6c1f0e7a11';
const KINDS: Readonly<Record<string, TokenKind>> = {
  [ACCESS]: 'usable',
  '11111111-8f0a-4c55-9d39-5d6c1f0e7a11': 'expired',
  '22222222-8f0a-4c55-9d39-5d6c1f0e7a11': 'refresh_token',
  '33333333-8f0a-4c55-9d39-5d6c1f0e7a11': 'dead',
};
const kindOf = async (word: string): Promise<TokenKind> => KINDS[word] ?? 'unknown';
const exited = (code: number, stdout = ''): Ending => ({ kind: 'exited', code, stdout });

const ROWS: readonly (readonly [name: string, ending: Ending, answer: Answer])[] = [
  ['the token alone', exited(0, ACCESS), { kind: 'token' }],
  ['the token and a line break', exited(0, `${ACCESS}\r\n`), { kind: 'token' }],
  ['log lines before the token', exited(0, `refreshing ...\ndone in 20 ms\n${ACCESS}\n`), { kind: 'token' }],
  ['log lines after the token', exited(0, `${ACCESS}\nbye, see you in 7200 seconds\n`), { kind: 'token' }],
  ['the token in JSON', exited(0, `{"access_token":"${ACCESS}"}`), { kind: 'token' }],
  ['the token after the word Bearer', exited(0, `Bearer ${ACCESS}`), { kind: 'token' }],
  [
    'an old token, and the new one after it',
    exited(0, `11111111-8f0a-4c55-9d39-5d6c1f0e7a11\n${ACCESS}`),
    { kind: 'token' },
  ],
  [
    'the new token, and an old one after it',
    exited(0, `${ACCESS}\n11111111-8f0a-4c55-9d39-5d6c1f0e7a11`),
    { kind: 'unusable', fault: 'expired' },
  ],
  [
    'the refresh token',
    exited(0, '22222222-8f0a-4c55-9d39-5d6c1f0e7a11'),
    { kind: 'unusable', fault: 'refresh_token' },
  ],
  [
    'a token of a grant that is dead',
    exited(0, '33333333-8f0a-4c55-9d39-5d6c1f0e7a11'),
    { kind: 'unusable', fault: 'dead' },
  ],
  ['nothing', exited(0), { kind: 'unusable', fault: 'nothing_printed' }],
  ['an empty line', exited(0, ' \n'), { kind: 'unusable', fault: 'nothing_printed' }],
  ['the word undefined', exited(0, 'undefined\n'), { kind: 'unusable', fault: 'no_token' }],
  ['garbage', exited(0, '\u0000\u0001PNG garbage '.repeat(9000)), { kind: 'unusable', fault: 'no_token' }],
  ['75 with a good token', exited(75, ACCESS), { kind: 'later' }],
  ['77', exited(77), { kind: 'consent' }],
  ['1 with a good token', exited(1, ACCESS), { kind: 'failed', how: 'exited with 1' }],
  ['a signal', { kind: 'crashed', signal: 'SIGSEGV' }, { kind: 'failed', how: 'was ended by SIGSEGV' }],
  ['the limit', { kind: 'hung' }, { kind: 'hung' }],
];

for (const [name, ending, answer] of ROWS)
  test(`the answer of a run that ends with ${name}`, async () => {
    assert.deepEqual(await readAnswer(ending, kindOf), answer);
  });

test('the first tokens are in the environment until the command has stored them', () => {
  const first = { accessToken: 'a', refreshToken: 'r', expiresAtMs: 5000 };
  assert.deepEqual(environmentOfRun('/state', 1000, first), {
    KEYFOB_STATE: '/state',
    KEYFOB_NOW: '1000',
    KEYFOB_ACCESS_TOKEN: 'a',
    KEYFOB_REFRESH_TOKEN: 'r',
    KEYFOB_EXPIRES_AT: '5000',
  });
  assert.deepEqual(environmentOfRun('/state', 2000, undefined), {
    KEYFOB_STATE: '/state',
    KEYFOB_NOW: '2000',
  });
});
