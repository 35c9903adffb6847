import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLEOS } from '../providers/pleos.ts';
import type { Provider } from '../providers/provider.ts';
import { SMARTCAR } from '../providers/smartcar.ts';
import type { Exchange } from './exchange.ts';
import { readAnswer } from './read-answer.ts';

const answered = (status: number, body: unknown, headers: Record<string, string> = {}): Exchange => ({
  kind: 'answered',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const PAIR = { access_token: 'a', refresh_token: 'r', expires_in: 7200 };
const refusal = (code: string, details: unknown[] = []): unknown => ({
  error: { code, message: '', details },
});

const stated = (expires: unknown) =>
  readAnswer(SMARTCAR, answered(200, { ...PAIR, expires_in: expires }), 0).stated.expiresIn;
const after = (text: string) =>
  readAnswer(SMARTCAR, answered(429, '', { 'retry-after': text }), 0).retryAfterMs;

describe('what an answer says', () => {
  const rows: readonly [string, Provider, Exchange, string][] = [
    ['a pair', SMARTCAR, answered(200, PAIR), 'usable'],
    ['a pair after a byte order mark', SMARTCAR, answered(200, `\uFEFF${JSON.stringify(PAIR)}`), 'usable'],
    ['a pair with status 201', SMARTCAR, answered(201, PAIR), 'usable'],
    [
      'a success with an error in it',
      SMARTCAR,
      answered(200, { error: 'bad_refresh_token' }),
      'grant_rejected',
    ],
    ['a success that is a page', SMARTCAR, answered(200, '<html>'), 'unusable'],
    ['an empty success', SMARTCAR, answered(204, ''), 'unusable'],
    ['a dead token', SMARTCAR, answered(400, { error: 'invalid_grant' }), 'grant_rejected'],
    [
      'its name inside a text does not count',
      SMARTCAR,
      answered(400, { message: 'invalid_grant' }),
      'unrecognised',
    ],
    ['a page of a firewall', SMARTCAR, answered(403, '<html>'), 'unrecognised'],
    ['a refusal without a word', SMARTCAR, answered(401, ''), 'unrecognised'],
    [
      'a code that the profile does not list',
      SMARTCAR,
      answered(403, { error: 'Forbidden' }),
      'unrecognised',
    ],
    ['a wrong secret', SMARTCAR, answered(401, { error: 'invalid_client' }), 'client_rejected'],
    ['a wrong address', SMARTCAR, answered(404, 'not here'), 'client_rejected'],
    ['too many requests', SMARTCAR, answered(429, ''), 'rate_limited'],
    [
      'away, with a time, without an overlap',
      PLEOS,
      answered(503, '', { 'retry-after': '7' }),
      'rate_limited',
    ],
    ['away, with a time, with an overlap', SMARTCAR, answered(503, '', { 'retry-after': '7' }), 'ambiguous'],
    ['away, without one', SMARTCAR, answered(503, ''), 'ambiguous'],
    [
      'a failure that names a dead token is still a failure',
      SMARTCAR,
      answered(500, { error: 'invalid_grant' }),
      'ambiguous',
    ],
    ['a redirect is not followed', SMARTCAR, answered(307, ''), 'ambiguous'],
    ['Pleos: a pair', PLEOS, answered(200, { data: { accessToken: 'a', refreshToken: 'R' } }), 'usable'],
    [
      'Pleos: the same with the status of a success',
      PLEOS,
      answered(200, refusal('4002', [{ field: 'refreshToken' }])),
      'grant_rejected',
    ],
    [
      'Pleos: an unknown refusal with the status of a success',
      PLEOS,
      answered(200, refusal('9999')),
      'unusable',
    ],
    [
      'Pleos: parameters, of which the token',
      PLEOS,
      answered(400, refusal('4002', [{ field: 'refreshToken' }])),
      'grant_rejected',
    ],
    [
      'Pleos: parameters, of which the secret',
      PLEOS,
      answered(400, refusal('4002', [{ field: 'clientSecret' }])),
      'client_rejected',
    ],
    ['Pleos: parameters', PLEOS, answered(400, refusal('4002')), 'unclear'],
    ['Pleos: unauthorized', PLEOS, answered(400, refusal('401')), 'unclear'],
    ['Pleos: sharing has ended', PLEOS, answered(400, refusal('5006')), 'sharing_withdrawn'],
    ['Pleos: a code of every object is none', PLEOS, answered(400, refusal('constructor')), 'unrecognised'],
    ['no connection', SMARTCAR, { kind: 'not_sent', why: 'ECONNREFUSED' }, 'not_sent'],
    ['no answer', SMARTCAR, { kind: 'unanswered', why: 'ECONNRESET' }, 'ambiguous'],
  ];
  for (const [name, provider, exchange, expected] of rows)
    it(name, () => assert.equal(readAnswer(provider, exchange, 0).class, expected));

  const big = '9'.repeat(30);
  const kept: readonly [string, Provider, string, string, string?][] = [
    ['no access token', SMARTCAR, '{"refresh_token":"r"}', ''],
    ['one that no header can hold', SMARTCAR, '{"access_token":"a\\nb","refresh_token":"r"}', ''],
    ['one that is not ASCII', SMARTCAR, '{"access_token":"a\u2026","refresh_token":"r"}', ''],
    ['an empty one', SMARTCAR, '{"access_token":"","refresh_token":"r"}', ''],
    ['one of another type', SMARTCAR, '{"access_token":{"a":1},"refresh_token":"r"}', ''],
    ['null', SMARTCAR, '{"access_token":null,"refresh_token":"r"}', ''],
    ['one that is too long', SMARTCAR, `{"access_token":"${'a'.repeat(16_385)}","refresh_token":"r"}`, ''],
    [
      'a number that JavaScript would round',
      SMARTCAR,
      `{"access_token":${big},"refresh_token":${big}}`,
      big,
      big,
    ],
    [
      'no token_type, an odd scope, odd lifetimes',
      SMARTCAR,
      '{"access_token":"a","refresh_token":"r","scope":[1],"expires_in":"soon","refresh_token_expires_in":{}}',
      'a',
    ],
    ['a code that says nothing', SMARTCAR, '{"error":"","access_token":"a","refresh_token":"r"}', 'a'],
    [
      'a member twice: the last one counts',
      SMARTCAR,
      '{"access_token":"a","refresh_token":"q","refresh_token":"r"}',
      'a',
    ],
    ['a list of one', SMARTCAR, '[{"access_token":"a","refresh_token":"r"}]', 'a'],
    ['another envelope', SMARTCAR, '{"result":{"accessToken":"a","refreshToken":"r"}}', 'a'],
    [
      'a JSON text with JSON in it',
      SMARTCAR,
      JSON.stringify('{"access_token":"a","refresh_token":"r"}'),
      'a',
    ],
    ['a form', SMARTCAR, 'access_token=a&refresh_token=r&expires_in=1', 'a'],
    ['something around the JSON', SMARTCAR, ')]}\'\n{"access_token":"a","refresh_token":"r",};', 'a'],
    ['Pleos: no access token', PLEOS, '{"data":{"refreshToken":"r"}}', ''],
    ['Pleos: without its envelope', PLEOS, '{"accessToken":"a","refreshToken":"r"}', 'a'],
    ['Pleos: the names of RFC 6749', PLEOS, '{"data":{"access_token":"a","refresh_token":"r"}}', 'a'],
    [
      'Pleos: a code of success',
      PLEOS,
      '{"error":{"code":"0"},"data":{"accessToken":"a","refreshToken":"r"}}',
      'a',
    ],
  ];
  for (const [name, provider, body, accessToken, refreshToken = 'r'] of kept)
    it(`keeps the refresh token: ${name}`, () => {
      for (const exchange of [
        answered(202, body, { 'content-type': 'text/html' }),
        ...(body.startsWith('{')
          ? [{ kind: 'unanswered', why: 'cut', status: 200, partOfBody: `${body} ` } as const]
          : []),
      ]) {
        const { class: found, pair } = readAnswer(provider, exchange, 0, 'sent');
        assert.equal(found, accessToken === '' ? 'refresh_only' : 'usable');
        assert.deepEqual([pair?.accessToken, pair?.refreshToken], [accessToken, refreshToken]);
      }
    });

  const left: readonly [string, string][] = [
    ['the token that was sent, alone', '{"refresh_token":"sent"}'],
    ['a refresh token that cannot be read', '{"access_token":"a","refresh_token":{"value":"r"}}'],
    ['a refresh token alone, somewhere', '{"request":{"refresh_token":"r"}}'],
    ['a list of two', '[{"access_token":"a","refresh_token":"r"},{}]'],
    ['deeper than any token endpoint nests', '[0,'.repeat(100_000)],
  ];
  for (const [name, body] of left)
    it(`stores the answer as it came: ${name}`, () => {
      const answer = readAnswer(SMARTCAR, answered(200, body), 0, 'sent');
      assert.deepEqual([answer.class, answer.pair, answer.body], ['unusable', undefined, body]);
    });

  it('takes a code that the profile lists for a refusal, also beside two tokens', () => {
    const { class: found } = readAnswer(SMARTCAR, answered(200, { ...PAIR, error: 'invalid_grant' }), 0);
    assert.equal(found, 'grant_rejected');
  });

  const whole = JSON.stringify({ ...PAIR, token_type: 'Bearer' });
  it('saves both tokens of an answer that was cut off after them, and never half of one', () => {
    const from = whole.indexOf('"r"') + 3;
    for (let length = 0; length < whole.length; length++) {
      const partOfBody = whole.slice(0, length);
      const { pair } = readAnswer(SMARTCAR, { kind: 'unanswered', why: 'cut', status: 200, partOfBody }, 0);
      if (length < from) assert.equal(pair, undefined, partOfBody);
      else assert.deepEqual(pair, { accessToken: 'a', refreshToken: 'r' }, partOfBody);
    }
  });

  it('saves a refresh token that comes first, and a pair from inside anything', () => {
    for (const [body, accessToken] of [
      ['{"refresh_token":"r","access_token":"aa', ''],
      ['{"access_token":"a","refresh_token":"r","list":[1,{"b":[2', 'a'],
      ['{"access_token":"a","refresh_token":"r","expires_in":72', 'a'],
      [`{"access_token":"a","refresh_token":"r","more":[${'1,'.repeat(100_000)}`, 'a'],
    ] as const) {
      const cut = { kind: 'unanswered', why: 'cut', status: 200, partOfBody: body } as const;
      const answer = readAnswer(SMARTCAR, cut, 0, 'sent');
      assert.deepEqual(
        [answer.pair, answer.stated.expiresIn],
        [{ accessToken, refreshToken: 'r' }, undefined],
      );
    }
  });

  it('saves nothing of a form that was cut off: half a token looks like a whole one', () => {
    const partOfBody = 'access_token=a&refresh_token=r';
    const { pair } = readAnswer(SMARTCAR, { kind: 'unanswered', why: 'cut', status: 200, partOfBody }, 0);
    assert.equal(pair, undefined);
  });

  it('saves nothing of a failure', () => {
    const cut = { kind: 'unanswered', why: 'cut', status: 500, partOfBody: whole } as const;
    assert.equal(readAnswer(SMARTCAR, cut, 0).pair, undefined);
  });

  it('reads lifetimes, and takes nonsense for nothing', () => {
    assert.equal(stated(7200), 7200);
    assert.equal(stated('7200'), 7200);
    for (const nonsense of [-1, 0, 'soon', null, 1e9, 1_790_000_000, 1e12, {}])
      assert.equal(stated(nonsense), undefined);
  });

  it('reads Retry-After in both forms, and an hour at most', () => {
    assert.equal(after('7'), 7000);
    assert.equal(after(new Date(9000).toUTCString()), 9000);
    assert.equal(after('999999'), 3_600_000);
    assert.equal(after('soon'), undefined);
  });

  it('quotes no code that could be a token', () => {
    const { code } = readAnswer(SMARTCAR, answered(400, { error: 'x'.repeat(99) }), 0);
    assert.equal(code, 'unprintable');
  });
});
