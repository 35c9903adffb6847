import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockDoubt } from '../clock.ts';
import type { Store } from '../grants/store.ts';
import { systemRandomness } from '../randomness.ts';
import { createKeyLines, parseKeyRing } from '../tokens/key-ring.ts';
import { uuidV4Shape } from '../tokens/shape.ts';
import { giveConsent } from './give-consent.ts';

const NOW_MS = 1_750_000_000_000;
/** Ten minutes that a code lasts, and an hour. */
const KEPT_MS = 4_200_000;

const CONSENT = {
  clientId: 'planner',
  redirectUri: 'https://app.example/callback',
  codeChallenge: undefined,
  subject: 'owner-1',
  scope: '',
  brand: undefined,
  vehicles: [],
};

/** Before which moment a new code drops others. */
const droppedBefore = async (doubt: ClockDoubt | undefined): Promise<number | undefined> => {
  let asked: number | undefined;
  const createCode: Store['createCode'] = (_code, dropBeforeMs) => {
    asked = dropBeforeMs;
    return Promise.resolve('created');
  };
  const context = {
    store: { createCode } as Store,
    keyRing: parseKeyRing(createKeyLines(1, 0)),
    clock: () => NOW_MS,
    doubt: () => doubt,
    randomness: systemRandomness,
    emit: () => {},
  };
  const shapes = { refreshToken: uuidV4Shape, accessToken: uuidV4Shape, code: uuidV4Shape };
  const by = { requestId: 'r', caller: { address: '192.0.2.7', userAgent: '' } };
  const given = await giveConsent(context, { name: 'smartcar', shapes }, CONSENT, by);
  assert.equal(given.outcome, 'given');
  return asked;
};

test('a new code drops those that expired an hour ago', async () => {
  assert.equal(await droppedBefore(undefined), NOW_MS - KEPT_MS);
});

test('a new code drops none that only a doubt about the clock has ended', async () => {
  const byMs = 86_400_000;
  assert.equal(await droppedBefore({ beforeMs: NOW_MS - 1000, byMs }), NOW_MS - KEPT_MS - byMs);
});
