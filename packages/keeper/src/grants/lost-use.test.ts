import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wasMaybeUsed } from './lost-use.ts';

const NOW = 'now';
/** Sends of generation 3, the newest first; `back` counts generations. */
const send = (outcome: string | undefined, { status = 0, back = 0, sentAtMs = 100, id = 'before' } = {}) => ({
  id,
  generation: 3 - back,
  sentAtMs,
  outcome,
  status,
});
const REFUSED = send('grant_rejected', { status: 400, id: NOW });

/** What was sent before a refusal, and whether it may have used the token. */
const CASES: readonly [name: string, sends: readonly ReturnType<typeof send>[], isUsed: boolean][] = [
  ['nothing', [], false],
  ['a send without any answer', [send(undefined)], true],
  ['a send whose connection broke', [send('ambiguous')], true],
  ['a gateway that asks for patience', [send('rate_limited', { status: 503 })], true],
  ['a provider that asks for patience', [send('rate_limited', { status: 429 })], false],
  ['a page of a firewall', [send('unrecognised', { status: 403 })], true],
  ['a success that cannot be read', [send('unusable', { status: 200 })], true],
  ['a send that never left', [send('not_sent')], false],
  ['a client that was refused', [send('client_rejected', { status: 401 })], false],
  ['an older refusal of the same token', [send('grant_rejected', { status: 400 })], false],
  [
    'the use of the token before',
    [send('usable', { status: 200, back: 1 }), send('ambiguous', { back: 1 })],
    false,
  ],
  [
    'the pair of another send, after a refusal of a token whose answer was lost',
    [send('grant_rejected', { status: 400, back: 1 }), send('ambiguous', { back: 1 })],
    true,
  ],
  [
    'a new consent after a death whose answer was lost',
    [
      send('grant_rejected', { status: 400, back: 1, sentAtMs: 9 }),
      send('ambiguous', { back: 1, sentAtMs: 8 }),
    ],
    false,
  ],
];

describe('a refused token', () => {
  for (const [name, before, isUsed] of CASES)
    it(`${isUsed ? 'may have been used' : 'was not used'} by ${name}`, () => {
      const sends = [REFUSED, ...before];
      assert.equal(wasMaybeUsed({ generation: 3, issuedAtMs: 50 }, sends, new Set([NOW])), isUsed);
    });
});
