import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answered, open } from './open-keeper.cases.ts';
import type { Exchange } from '../refresh/exchange.ts';

const REFUSED = answered(400, { error: 'invalid_grant' });
/** An answer that asks for patience. */
const patience = (status: number): Exchange => ({
  kind: 'answered',
  status,
  headers: { 'retry-after': '0' },
  body: '{}',
});
const PATIENCE = patience(503);

/** Why a grant ends whose refresh has these endings, at a provider without an overlap. */
const causeAfter = async (endings: readonly Exchange[]): Promise<string> => {
  const { keeper } = await open((_, request) => endings[request - 1] ?? REFUSED);
  await keeper.put('car', 'cars', { refreshToken: 'R' });
  for (;;) {
    const result = await keeper.tryToken('car');
    if (result.status === 'needs_consent') return result.cause;
  }
};

describe('why a grant has ended', () => {
  it('is a lost answer where a gateway has answered for the provider before the refusal', async () => {
    assert.equal(await causeAfter([PATIENCE]), 'lost_response');
    assert.equal(await causeAfter([PATIENCE, PATIENCE]), 'lost_response');
    assert.equal(await causeAfter([answered(403, '<html>')]), 'lost_response');
  });
  it('is a revocation where the provider has refused at once, or had refused the client before', async () => {
    assert.equal(await causeAfter([]), 'revoked');
    assert.equal(await causeAfter([answered(401, { error: 'invalid_client' })]), 'revoked');
    assert.equal(await causeAfter([{ kind: 'not_sent', why: 'ECONNREFUSED' }]), 'revoked');
    assert.equal(await causeAfter([patience(429)]), 'revoked');
  });
});
