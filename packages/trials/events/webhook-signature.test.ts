import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createKeyLines, parseKeyRing } from '@keyfob/server/tokens';
import { signMessage, writeWebhookSecret } from '@keyfob/server/webhooks';
import { Webhook } from 'standardwebhooks';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 7));
const SECRET = writeWebhookSecret(KEY);

describe('The signature of a message', () => {
  for (const [what, id, body] of [
    ['plain', '4a0d3f8e-8d3c-4a35-9f1e-0c8a8f7f1d11', '{"type":"grant.revoked"}'],
    ['empty', 'a', ''],
    ['in another script', 'grantEvent-1', '{"subject":"소유자","vins":["KMHL14JA5PA000001"]}'],
    ['with dots', 'a.b', '1.2.3'],
  ] as const) {
    test(`${what}: the library for receivers accepts the signature and creates the same one`, () => {
      const nowMs = Date.now();
      const headers = signMessage([KEY], { id, body, nowMs });
      new Webhook(SECRET).verify(body, headers, { jsonParse: false });
      assert.equal(headers['webhook-signature'], new Webhook(SECRET).sign(id, new Date(nowMs), body));
      assert.equal(headers['webhook-id'], id);
    });
  }

  const nowMs = Date.now();
  const body = '{"type":"grant.revoked"}';
  const headers = signMessage([KEY], { id: 'grantEvent-1', body, nowMs });
  for (const [what, changed, text, secret] of [
    ['another body', headers, `${body} `, SECRET],
    ['another id', { ...headers, 'webhook-id': 'grantEvent-2' }, body, SECRET],
    [
      'another time',
      { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) },
      body,
      SECRET,
    ],
    ['another secret', headers, body, writeWebhookSecret(Buffer.alloc(32, 1))],
    ['an old message', signMessage([KEY], { id: 'a', body, nowMs: nowMs - 301_000 }), body, SECRET],
  ] as const) {
    test(`${what}: refused`, () => {
      assert.throws(() => new Webhook(secret).verify(text, { ...changed }));
    });
  }

  test('with several keys: the receiver verifies by any of them', () => {
    const old = Buffer.alloc(32, 3);
    const rotated = signMessage([KEY, old], { id: 'grantEvent-1', body, nowMs });
    for (const key of [KEY, old])
      new Webhook(writeWebhookSecret(key)).verify(body, rotated, { jsonParse: false });
    assert.throws(() => new Webhook(writeWebhookSecret(Buffer.alloc(32, 1))).verify(body, rotated));
  });

  test('the secret is 32 bytes derived from the key ring: always the same, and different for each webhook and key', () => {
    const lines = [createKeyLines(1, 1), createKeyLines(5, 2)];
    const [one, two] = [parseKeyRing(lines.join('\n')), parseKeyRing(lines.toReversed().join(','))];
    const keys = [4, 8].flatMap((number) =>
      ['a', 'b'].map((id) =>
        [one, two].map((ring) => ring.webhook.find(number)?.webhookKey(id).toString('base64')),
      ),
    );
    for (const [first, again] of keys) assert.equal(first, again);
    assert.equal(new Set(keys.flat()).size, 4);
    assert.match(writeWebhookSecret(one.webhook.active.webhookKey('a')), /^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});
