import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRefusal, tryBadInput } from './trial.ts';
import { saysOther } from '../../support/uuid-token.ts';
import { writeRequest } from '../../support/raw-request.ts';
import type { RequestParts } from '../../support/raw-request.ts';

/** Every proper prefix of a token. */
const truncated = (token: string): readonly string[] =>
  Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1));

/** Every string that differs from a token in one of the seven bits of one character. */
const bitFlipped = (token: string): readonly string[] =>
  Array.from({ length: token.length * 7 }, (_, index) => {
    const at = Math.floor(index / 7);
    const flipped = String.fromCharCode(token.charCodeAt(at) ^ (1 << (index % 7)));
    return token.slice(0, at) + flipped + token.slice(at + 1);
  });

/** Every token that has the next character of its alphabet in one position. */
const neighbours = (token: string, alphabet: string): readonly string[] =>
  Array.from({ length: token.length }, (_, at) => at).flatMap((at) => {
    const place = alphabet.indexOf(token.charAt(at));
    const next = alphabet.charAt((place + 1) % alphabet.length);
    return place < 0 ? [] : [token.slice(0, at) + next + token.slice(at + 1)];
  });

const inForm = (text: string): RequestParts => ({
  body: `grant_type=refresh_token&refresh_token=${text}`,
});

tryBadInput('A bad refresh token at POST /oauth/token', 'smartcar', ({ refuses, accepts, served }) => {
  const isRefused = async (text: string, answer: RegExp): Promise<void> => {
    const change = inForm(encodeURIComponent(text));
    const response = await served().exchange(writeRequest(served().parts(change)));
    assert.match(readRefusal.smartcar(response), answer, `at ${text.length} characters`);
  };

  refuses('400 invalid_grant', 'a well-formed token', {
    "another client's": ({ otherClient }) => inForm(otherClient.refreshToken),
    'an access token instead': ({ grant }) => inForm(grant.accessToken),
    'one never issued': () => inForm('3e565aed-d4b2-4296-9b4c-aec35825a6aa'),
    'the nil UUID': () => inForm('00000000-0000-0000-0000-000000000000'),
  });

  refuses('400 invalid_request', 'a malformed token', {
    "the other dialect's": ({ otherDialectClient }) => inForm(otherDialectClient.refreshToken),
    'in capital letters': ({ refreshToken }) => inForm(refreshToken.toUpperCase()),
    'without its hyphens': ({ refreshToken }) => inForm(refreshToken.replaceAll('-', '')),
    'in braces': ({ refreshToken }) => inForm(`{${refreshToken}}`),
    'with a leading blank': ({ refreshToken }) => inForm(`+${refreshToken}`),
    'with a trailing line feed': ({ refreshToken }) => inForm(`${refreshToken}%0A`),
    'with a trailing line feed that is not encoded': ({ refreshToken }) => inForm(`${refreshToken}\n`),
    'with a trailing NUL': ({ refreshToken }) => inForm(`${refreshToken}%00`),
    'with a trailing NUL that is not encoded': ({ refreshToken }) => inForm(`${refreshToken}\0`),
    'with a NUL inside that is not encoded': ({ refreshToken }) =>
      inForm(`${refreshToken.slice(0, 9)}\0${refreshToken.slice(10)}`),
    'with one extra character': ({ refreshToken }) => inForm(`${refreshToken}0`),
    'of 16 000 characters': () => inForm('a'.repeat(16_000)),
    empty: () => inForm(''),
    missing: () => ({ body: 'grant_type=refresh_token' }),
  });

  describe('with one change', () => {
    it('truncated at any position, the token is malformed', async () => {
      for (const text of truncated(served().refreshToken)) await isRefused(text, /^400 invalid_request$/);
    });
    it('with any bit of any character flipped, the token is malformed or dead', async () => {
      const { refreshToken } = served();
      for (const text of bitFlipped(refreshToken).filter((one) => saysOther(one, refreshToken)))
        await isRefused(text, /^400 invalid_(?:request|grant)$/);
    });
    it('with the next digit in any position, the token is dead', async () => {
      const { refreshToken } = served();
      const others = neighbours(refreshToken, '0123456789abcdef');
      for (const text of others.filter((one) => saysOther(one, refreshToken)))
        await isRefused(text, /^400 invalid_grant$/);
    });
    it('no grant changed, and the good token still refreshes', async () => served().assertUnchanged());
  });

  accepts('An unusual token that is valid', {
    'percent-encoded': ({ refreshToken }) => inForm(refreshToken.replaceAll('-', '%2D')),
  });
});

tryBadInput('A bad refresh token at POST /v1/auth/token-refresh', 'pleos', ({ refuses, accepts, served }) => {
  const token = (refreshToken: string): RequestParts => {
    const { clientId, clientSecret } = served().client;
    return { body: JSON.stringify({ clientId, clientSecret, refreshToken }) };
  };
  const isRefused = async (text: string): Promise<void> => {
    const response = await served().exchange(writeRequest(served().parts(token(text))));
    assert.equal(readRefusal.pleos(response), '400 4002 refreshToken', `at ${text.length} characters`);
  };

  refuses('400 4002 refreshToken', 'a token of any form', {
    "another client's": ({ otherClient }) => token(otherClient.refreshToken),
    "another grant's brand": () => ({ headers: { Brand: 'kia' } }),
    'an access token instead': ({ grant }) => token(grant.accessToken),
    'one never issued': () => token('T9F38OE6PA8CT9V52F30KKKSRA6T5SRDA400'),
    'the highest number of its form': () => token('Z'.repeat(36)),
    'the lowest number of its form': () => token('0'.repeat(36)),
    "the other dialect's": ({ otherDialectClient }) => token(otherDialectClient.refreshToken),
    'in lower case': ({ refreshToken }) => token(refreshToken.toLowerCase()),
    'with a leading blank': ({ refreshToken }) => token(` ${refreshToken}`),
    'with a trailing line feed': ({ refreshToken }) => token(`${refreshToken}\n`),
    'with a trailing NUL': ({ refreshToken }) => token(`${refreshToken}\0`),
    'with one extra character': ({ refreshToken }) => token(`${refreshToken}0`),
    'of 10 000 characters': () => token('A'.repeat(10_000)),
    empty: () => token(''),
  });

  it('every dead token gets the same response, so that nobody can distinguish them', async () => {
    const dead = [token('x'), token(served().otherClient.refreshToken), { headers: { Brand: 'kia' } }];
    const refusals: unknown[] = [];
    for (const change of dead) {
      const { body } = await served().exchange(writeRequest(served().parts(change)));
      const { code, message, details } = (JSON.parse(body) as { error: Record<string, unknown> }).error;
      refusals.push({ code, message, details });
    }
    assert.deepEqual(refusals, [refusals[0], refusals[0], refusals[0]]);
  });

  describe('with one change', () => {
    it('truncated at any position, the token is dead', async () => {
      for (const text of truncated(served().refreshToken)) await isRefused(text);
    });
    it('with any bit of any character flipped, the token is dead', async () => {
      for (const text of bitFlipped(served().refreshToken)) await isRefused(text);
    });
    it('with the next character in any position, the token is dead', async () => {
      for (const text of neighbours(served().refreshToken, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'))
        await isRefused(text);
    });
    it('no grant changed, and the good token still refreshes', async () => served().assertUnchanged());
  });

  accepts('An unusual token that is valid', {
    escaped: ({ refreshToken }) => ({
      body: String(token(refreshToken).body).replace(
        `"${refreshToken}"`,
        `"\\u00${refreshToken.charCodeAt(0).toString(16)}${refreshToken.slice(1)}"`,
      ),
    }),
  });
});
