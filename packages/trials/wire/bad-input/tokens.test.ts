import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRefusal, tryBadInput } from './trial.ts';
import { writeRequest } from '../../support/raw-request.ts';
import type { RequestParts } from '../../support/raw-request.ts';

/** Every string that a token becomes by losing its end. */
const truncated = (token: string): readonly string[] =>
  Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1));

/** Every string that a token becomes by one of its characters losing or gaining one of its seven bits. */
const bitFlipped = (token: string): readonly string[] =>
  Array.from({ length: token.length * 7 }, (_, index) => {
    const at = Math.floor(index / 7);
    const flipped = String.fromCharCode(token.charCodeAt(at) ^ (1 << (index % 7)));
    return token.slice(0, at) + flipped + token.slice(at + 1);
  });

/** Every token that becomes of one by another character of its alphabet in one position. */
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

  refuses('400 invalid_grant', 'of the right form', {
    "another client's": ({ stranger }) => inForm(stranger.refreshToken),
    'an access token instead': ({ grant }) => inForm(grant.accessToken),
    'one never issued': () => inForm('3e565aed-d4b2-4296-9b4c-aec35825a6aa'),
    'the nil UUID': () => inForm('00000000-0000-0000-0000-000000000000'),
  });

  refuses('400 invalid_request', 'of another form', {
    "the other dialect's": ({ outsider }) => inForm(outsider.refreshToken),
    'in capitals': ({ refreshToken }) => inForm(refreshToken.toUpperCase()),
    'without its hyphens': ({ refreshToken }) => inForm(refreshToken.replaceAll('-', '')),
    'in braces': ({ refreshToken }) => inForm(`{${refreshToken}}`),
    'with a blank before it': ({ refreshToken }) => inForm(`+${refreshToken}`),
    'with a line feed behind it': ({ refreshToken }) => inForm(`${refreshToken}%0A`),
    'with a bare line feed behind it': ({ refreshToken }) => inForm(`${refreshToken}\n`),
    'with NUL behind it': ({ refreshToken }) => inForm(`${refreshToken}%00`),
    'with a raw NUL behind it': ({ refreshToken }) => inForm(`${refreshToken}\0`),
    'with a raw NUL inside': ({ refreshToken }) =>
      inForm(`${refreshToken.slice(0, 9)}\0${refreshToken.slice(10)}`),
    'with one character more': ({ refreshToken }) => inForm(`${refreshToken}0`),
    'of 16 000 characters': () => inForm('a'.repeat(16_000)),
    empty: () => inForm(''),
    missing: () => ({ body: 'grant_type=refresh_token' }),
  });

  describe('changed in one place', () => {
    it('truncated at any position it is malformed', async () => {
      for (const text of truncated(served().refreshToken)) await isRefused(text, /^400 invalid_request$/);
    });
    it('with any bit of any character flipped it is malformed or dead', async () => {
      for (const text of bitFlipped(served().refreshToken))
        await isRefused(text, /^400 invalid_(?:request|grant)$/);
    });
    it('with the next digit in any position it is dead', async () => {
      for (const text of neighbours(served().refreshToken, '0123456789abcdef'))
        await isRefused(text, /^400 invalid_grant$/);
    });
    it('no grant changed, and the good token still refreshes', async () => served().assertUnmoved());
  });

  accepts('A token that only looks bad', {
    'in percent signs': ({ refreshToken }) => inForm(refreshToken.replaceAll('-', '%2D')),
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

  refuses('400 4002 refreshToken', 'of whatever form', {
    "another client's": ({ stranger }) => token(stranger.refreshToken),
    "another grant's brand": () => ({ headers: { Brand: 'kia' } }),
    'an access token instead': ({ grant }) => token(grant.accessToken),
    'one never issued': () => token('T9F38OE6PA8CT9V52F30KKKSRA6T5SRDA400'),
    'the highest number of its form': () => token('Z'.repeat(36)),
    'the lowest number of its form': () => token('0'.repeat(36)),
    "the other dialect's": ({ outsider }) => token(outsider.refreshToken),
    'in small letters': ({ refreshToken }) => token(refreshToken.toLowerCase()),
    'with a blank before it': ({ refreshToken }) => token(` ${refreshToken}`),
    'with a line feed behind it': ({ refreshToken }) => token(`${refreshToken}\n`),
    'with NUL behind it': ({ refreshToken }) => token(`${refreshToken}\0`),
    'with one character more': ({ refreshToken }) => token(`${refreshToken}0`),
    'of 10 000 characters': () => token('A'.repeat(10_000)),
    empty: () => token(''),
  });

  it('every dead token gets the same words, so that nobody can tell them apart', async () => {
    const dead = [token('x'), token(served().stranger.refreshToken), { headers: { Brand: 'kia' } }];
    const words: unknown[] = [];
    for (const change of dead) {
      const { body } = await served().exchange(writeRequest(served().parts(change)));
      const { code, message, details } = (JSON.parse(body) as { error: Record<string, unknown> }).error;
      words.push({ code, message, details });
    }
    assert.deepEqual(words, [words[0], words[0], words[0]]);
  });

  describe('changed in one place', () => {
    it('truncated at any position it is dead', async () => {
      for (const text of truncated(served().refreshToken)) await isRefused(text);
    });
    it('with any bit of any character flipped it is dead', async () => {
      for (const text of bitFlipped(served().refreshToken)) await isRefused(text);
    });
    it('with the next character in any position it is dead', async () => {
      for (const text of neighbours(served().refreshToken, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'))
        await isRefused(text);
    });
    it('no grant changed, and the good token still refreshes', async () => served().assertUnmoved());
  });

  accepts('A token that only looks bad', {
    escaped: ({ refreshToken }) => ({
      body: String(token(refreshToken).body).replace(
        `"${refreshToken}"`,
        `"\\u00${refreshToken.charCodeAt(0).toString(16)}${refreshToken.slice(1)}"`,
      ),
    }),
  });
});
