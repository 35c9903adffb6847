import assert from 'node:assert/strict';
import test from 'node:test';
import { changeAnswer } from './change-answer.ts';
import type { AnswerChange } from './change-answer.ts';

const SMARTCAR = '{"access_token":"a","token_type":"Bearer","expires_in":7200,"refresh_token":"r"}';
const PLEOS = '{"data":{"accessToken":"a","refreshToken":"r"},"meta":{"code":200}}';

const CASES: readonly (readonly [string, AnswerChange, string, string])[] = [
  [
    'a member is left out',
    { omit: ['refresh_token', 'expires_in'] },
    SMARTCAR,
    '{"access_token":"a","token_type":"Bearer"}',
  ],
  [
    'a member one level down is left out',
    { omit: ['refreshToken'] },
    PLEOS,
    '{"data":{"accessToken":"a"},"meta":{"code":200}}',
  ],
  [
    'a member comes twice',
    { repeat: ['token_type'] },
    SMARTCAR,
    SMARTCAR.replace('"token_type":"Bearer"', '"token_type":"Bearer","token_type":"Bearer"'),
  ],
  [
    'a member one level down comes twice',
    { repeat: ['refreshToken'] },
    PLEOS,
    PLEOS.replace('"refreshToken":"r"', '"refreshToken":"r","refreshToken":"r"'),
  ],
  ['the token that was sent comes back', { sameToken: true }, SMARTCAR, SMARTCAR.replace('"r"', '"sent"')],
  ['the same one level down', { sameToken: true }, PLEOS, PLEOS.replace('"r"', '"sent"')],
  ['a lifetime as text', { expiresIn: '7200' }, SMARTCAR, SMARTCAR.replace('7200', '"7200"')],
  ['a lifetime that is there already', { expiresIn: 7200 }, SMARTCAR, SMARTCAR],
  ['a lifetime where the dialect has none', { expiresIn: 0 }, PLEOS, `${PLEOS.slice(0, -1)},"expires_in":0}`],
  ['a body that ends', { truncateBody: 10 }, SMARTCAR, SMARTCAR.slice(0, 10)],
  ['a page is no JSON', { omit: ['access_token'] }, '<html>', '<html>'],
];

for (const [name, action, body, expected] of CASES)
  test(name, () => {
    const answer = { status: 200, headers: { A: 'b' }, body };
    const changed = changeAnswer(action, answer, { refreshToken: 'sent' });
    assert.deepEqual(changed, { ...answer, body: expected });
  });
