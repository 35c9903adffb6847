import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createKeyLines, parseKeyRing, withRegistrations } from '../../tokens/key-ring.ts';
import { registrationOf } from '../../tokens/key-store.ts';
import { openSelection, sealSelection } from './selection.ts';
import type { Selection } from './selection.ts';
import { openClaims, sealClaims } from '../../tokens/sealed-claims.ts';

const NOW = 1_700_000_000_000;
const FIRST = createKeyLines(1, 1);
const ring = parseKeyRing(FIRST);
const selection: Selection = {
  grantId: -5n,
  clientId: 'client',
  subject: 'owner-1',
  brand: 'kia',
  state: 'säte & "more"',
  lang: 'ko',
};

describe('A selection', () => {
  test('opens until the second before it expires', async () => {
    const text = await sealSelection(ring, selection, NOW);
    assert.deepEqual(await openSelection(ring, text, NOW), selection);
    assert.deepEqual(await openSelection(ring, text, NOW + 599_000), selection);
    assert.equal(await openSelection(ring, text, NOW + 600_000), undefined);
  });

  test('opens after a key rotation, but not with another key ring', async () => {
    const text = await sealSelection(ring, selection, NOW);
    const rotated = parseKeyRing(`${FIRST}\n${createKeyLines(5, 2)}`);
    assert.deepEqual(await openSelection(rotated, text, NOW), selection);
    assert.equal(await openSelection(parseKeyRing(createKeyLines(1, 1)), text, NOW), undefined);
    assert.equal(await openSelection(parseKeyRing(createKeyLines(5, 1)), text, NOW), undefined);
  });

  test('does not open once its session key is compromised, whatever the window', async () => {
    const text = await sealSelection(ring, selection, NOW);
    const rotated = parseKeyRing(`${FIRST}\n${createKeyLines(5, 2)}`);
    const withdrawal = { state: 'compromised', atMs: NOW, opensUntilMs: NOW + 1e9 } as const;
    const withdraw = (number: number) =>
      withRegistrations(
        rotated,
        rotated.keys.map((key) => ({
          ...registrationOf(key),
          ...(key.number === number ? { withdrawal } : {}),
        })),
      );
    assert.equal(await openSelection(withdraw(3), text, NOW), undefined);
    assert.deepEqual(await openSelection(withdraw(1), text, NOW), selection);
  });

  test('does not reveal its contents', async () => {
    const text = await sealSelection(ring, selection, NOW);
    for (const part of text.split('.'))
      assert.doesNotMatch(Buffer.from(part, 'base64url').toString('latin1'), /owner|client|kia/);
  });

  for (const [name, spoil] of [
    ['nothing', () => ''],
    ['noise', () => 'a.b.c.d.e'],
    ['one changed letter', (text: string) => text.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
    ['too much', (text: string) => text + 'A'.repeat(20_000)],
  ] as const) {
    test(`does not open ${name}`, async () => {
      const text = await sealSelection(ring, selection, NOW);
      assert.equal(await openSelection(ring, spoil(text), NOW), undefined);
    });
  }

  test('does not open claims of another purpose, and does not open for another purpose', async () => {
    const session = await sealClaims(
      ring,
      'session',
      { ...selection, grantId: 'fffffffffffffffb' },
      {
        nowMs: NOW,
        lifetimeSeconds: 60,
      },
    );
    assert.equal(await openSelection(ring, session, NOW), undefined);
    const sealed = await sealSelection(ring, selection, NOW);
    assert.equal(await openClaims(ring, 'session', sealed, NOW), undefined);
  });
});
