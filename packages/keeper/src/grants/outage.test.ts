import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterAnswer, afterFailedConnection, blockedReason, blockedUntil, newFacts } from './client-facts.ts';
import type { ClientFacts } from './client-facts.ts';
import { isConnectionFailure, mayPassOutage, nextCanaryAt, noteFailedConnection } from './outage.ts';
import type { FailedConnections } from './outage.ts';
import { shareOf } from './pace.ts';
import { DEFAULT_TIMING } from './timing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = 1000 * DAY_MS;

const failAt = (facts: ClientFacts, moments: readonly number[]): ReturnType<typeof afterFailedConnection> => {
  let failed: FailedConnections | undefined;
  for (const atMs of moments) failed = noteFailedConnection(failed, atMs);
  const nowMs = moments.at(-1) ?? 0;
  const failure = {
    ...(failed ?? { count: 0, firstAtMs: 0 }),
    name: 'cars',
    code: 'ENOTFOUND',
    nowMs,
    chance: () => 1,
  };
  return afterFailedConnection(facts, failure, DEFAULT_TIMING);
};

describe('an outage of a provider', () => {
  for (const [name, moments, isOutage] of [
    ['four connections that fail in a minute', [0, 1000, 2000, 60_000], false],
    ['five that fail within ten seconds, as at the restart of a gateway', [0, 1, 2, 3, 9999], false],
    ['five that fail in ten seconds', [0, 1, 2, 3, 10_000], true],
    ['many', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60_000], true],
  ] as const)
    it(`${isOutage ? 'begins after' : 'is not'} ${name}`, () => {
      const { facts, events } = failAt(newFacts('s'), moments);
      assert.deepEqual(
        events.map(({ kind }) => kind),
        isOutage ? ['client.outage'] : [],
      );
      assert.equal(facts.outage !== undefined, isOutage);
    });

  it('is not what the network of one process shows while another gets pairs', () => {
    const facts = { ...newFacts('s'), successAtMs: 5000 };
    assert.equal(failAt(facts, [0, 1, 2, 3, 60_000]).facts, facts);
    assert.notEqual(failAt(facts, [5001, 6000, 7000, 8000, 60_000]).facts, facts);
  });

  it('does not end with the answer to a send from before it, which a stopped process reads late', () => {
    const { facts } = failAt(newFacts('s'), [0, 1, 2, 3, 10_000]);
    const answer = { name: 'cars', sentAtMs: 9999, nowMs: 40_000 };
    assert.equal(afterAnswer(facts, answer).facts, facts);
    assert.equal(afterAnswer(facts, { ...answer, sentAtMs: 10_000 }).facts.outage, undefined);
    const beforePutBack = { ...answer, sentAtMs: 8000, nowMs: 9000 };
    assert.equal(afterAnswer(facts, beforePutBack).facts.outage, undefined, 'the clock was put back');
  });

  it('begins once, blocks until its canary, and ends with an answer, slowly', () => {
    const { facts } = failAt(newFacts('s'), [0, 1, 2, 3, 10_000]);
    assert.equal(failAt(facts, [0, 1, 2, 3, 20_000]).facts, facts);
    assert.equal(blockedUntil(facts, 10_000), 30_000);
    assert.equal(blockedReason(facts), 'provider_outage');
    const over = afterAnswer(facts, { name: 'cars', sentAtMs: 30_000, nowMs: 40_000 });
    assert.deepEqual(over.events, [{ kind: 'client.outage_ended', client: 'cars', sinceMs: 10_000 }]);
    assert.deepEqual([over.facts.outage, shareOf(over.facts.pace, 40_000)], [undefined, 0.1]);
    assert.equal(
      afterAnswer(over.facts, { name: 'cars', sentAtMs: 50_000, nowMs: 50_000 }).facts,
      over.facts,
    );
  });

  it('stays known when the secrets change', () => {
    const { facts } = failAt(newFacts('s'), [0, 1, 2, 3, 10_000]);
    assert.equal(newFacts('new', facts).outage, facts.outage);
  });

  it('pauses longer after every canary, five minutes at most, and not in step with other fleets', () => {
    const pauses = [0, 1, 2, 3, 4, 50].map((canaries) => nextCanaryAt(canaries, 0, 1, DEFAULT_TIMING));
    assert.deepEqual(pauses, [20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    assert.equal(nextCanaryAt(0, 0, 0, DEFAULT_TIMING), 10_000);
  });

  for (const [code, isOne] of [
    ['ECONNREFUSED', true],
    ['ENOTFOUND', true],
    ['CERT_HAS_EXPIRED', true],
    ['connect_timeout', true],
    ['lease_lost', false],
    ['timeout', false],
    ['EMFILE', false],
  ] as const)
    it(`${isOne ? 'is shown' : 'is not shown'} by ${code}`, () =>
      assert.equal(isConnectionFailure(code), isOne));
});

const sent = (atMs: number) => ({ count: 1, firstAtMs: atMs, lastAtMs: atMs });
const ends = (inMs: number | undefined, lifeMs = 60 * DAY_MS) => ({
  refreshExpiresAtMs: inMs === undefined ? undefined : NOW + inMs,
  issuedAtMs: NOW + (inMs ?? 0) - lifeMs,
});

describe('what passes an outage', () => {
  const overlap = { kind: 'overlap', seconds: 60 } as const;
  const once = { kind: 'once' } as const;
  const none = { count: 0, firstAtMs: undefined, lastAtMs: undefined };
  for (const [name, grant, repeats, isAllowed] of [
    ['a token whose overlap goes on', { sends: sent(NOW - 59_999), ...ends(DAY_MS) }, overlap, true],
    ['a token whose overlap is over', { sends: sent(NOW - 60_000), ...ends(DAY_MS) }, overlap, false],
    ['a token that works once and was sent', { sends: sent(NOW - 1), ...ends(DAY_MS) }, once, false],
    ['a refresh token that ends within the hour', { sends: none, ...ends(HOUR_MS) }, once, true],
    ['one that ends later', { sends: none, ...ends(HOUR_MS + 1) }, once, false],
    ['one that has ended', { sends: none, ...ends(0) }, once, false],
    ['one without a known end', { sends: none, ...ends(undefined) }, once, false],
    ['a short life, in its last tenth', { sends: none, ...ends(60_000, 600_000) }, once, true],
    ['a short life, before', { sends: none, ...ends(60_001, 600_000) }, once, false],
  ] as const)
    it(`${isAllowed ? 'yes' : 'no'}: ${name}`, () =>
      assert.equal(mayPassOutage(grant, repeats, NOW), isAllowed));
});
