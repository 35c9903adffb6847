import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { ClientJwk } from '../clients/client-keys.ts';
import type { EgressAnswer } from '../egress/egress.ts';
import { Refusal } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';
import { createPublishedKeys } from './published-keys.ts';

const jwk = (kid: string) => ({
  ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
  kid,
});
const [ONE, TWO] = [jwk('one'), jwk('two')];
const CLIENT = { id: 'app', jwksUri: 'https://app.example/jwks' };

const answerOf = (keys: readonly object[], more: Partial<EgressAnswer> = {}): EgressAnswer => ({
  status: 200,
  headers: {},
  body: Buffer.from(JSON.stringify({ keys })),
  isComplete: true,
  ...more,
});

/** A client's server whose next answers are these; with none left it cannot be reached. */
const serverWith = (...answers: EgressAnswer[]) => {
  const events: LogEvent[] = [];
  const at = { ms: 0 };
  let fetches = 0;
  const readKeys = createPublishedKeys({
    egress: {
      isDenied: () => false,
      async send() {
        fetches++;
        const answer = answers.shift();
        if (answer !== undefined) return answer;
        throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' });
      },
    },
    monotonic: () => at.ms,
    emit: (event) => events.push(event),
  });
  const read = async (kid?: string): Promise<readonly string[]> =>
    (await readKeys(CLIENT, (key) => kid === undefined || key.kid === kid)).map(
      (key: ClientJwk) => key.kid ?? '',
    );
  return { read, at, events, fetches: () => fetches };
};

const UNAVAILABLE = (error: unknown): boolean =>
  error instanceof Refusal && error.reason === 'client_keys_unavailable' && error.retryAfterSeconds === 30;

void test('keys are fetched once and kept for ten minutes', async () => {
  const { read, at, fetches } = serverWith(answerOf([ONE]), answerOf([TWO]));
  assert.deepEqual(await Promise.all([read('one'), read('one'), read()]), [['one'], ['one'], ['one']]);
  at.ms = 599_999;
  assert.deepEqual(await read('one'), ['one']);
  assert.equal(fetches(), 1);
  at.ms = 600_000;
  assert.deepEqual(await read('one'), ['two']);
});

void test('a key that is not among them is looked for again, at most every 30 seconds', async () => {
  const { read, at, fetches } = serverWith(answerOf([ONE]), answerOf([ONE, TWO]));
  assert.deepEqual(await read('two'), ['one']);
  at.ms = 29_999;
  assert.deepEqual(await read('two'), ['one']);
  assert.equal(fetches(), 1);
  at.ms = 30_000;
  assert.deepEqual(await read('two'), ['one', 'two']);
});

void test('while their server cannot be reached, the keys of the last hour are used, and then the request is refused', async () => {
  const { read, at, events } = serverWith(answerOf([ONE]));
  await read();
  at.ms = 3_599_999;
  assert.deepEqual(await read(), ['one']);
  assert.deepEqual(events, [
    { event: 'client.keys_unavailable', clientId: 'app', cause: 'ECONNREFUSED', isUsable: true },
  ]);
  at.ms = 3_600_000;
  await assert.rejects(read(), UNAVAILABLE);
});

for (const [name, answer] of [
  ['a redirect', answerOf([ONE], { status: 302 })],
  ['an answer that is cut', answerOf([ONE], { isComplete: false })],
  ['an answer that is no set of keys', answerOf([], { body: Buffer.from('<html>') })],
] as const) {
  void test(`${name} gives no keys: an outage, which the log explains`, async () => {
    const { read, events, at, fetches } = serverWith(answer, answerOf([ONE]));
    await assert.rejects(read(), UNAVAILABLE);
    await assert.rejects(read(), UNAVAILABLE);
    assert.equal(fetches(), 1);
    assert.equal(events.length, 1);
    at.ms = 30_000;
    assert.deepEqual(await read(), ['one']);
  });
}
