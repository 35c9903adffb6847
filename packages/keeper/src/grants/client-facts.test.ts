import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RFC6749 } from '../providers/provider.ts';
import type { LearnedFacts } from '../providers/learned.ts';
import { afterPause, afterRefusal, afterSuccess, newFacts } from './client-facts.ts';
import type { ChangedFacts, ClientFacts } from './client-facts.ts';
import { shareOf } from './pace.ts';
import { DEFAULT_TIMING } from './timing.ts';

const PROVIDER = { ...RFC6749, name: 'any', url: 'https://any.example/token' };
const succeed = (before: ClientFacts, seen: LearnedFacts, atMs = 1000, nowMs = atMs): ChangedFacts =>
  afterSuccess(
    before,
    { name: 'cars', provider: PROVIDER },
    { atMs, nowMs, grantId: 'g', seen, skewMs: undefined },
  );
const kindsOf = ({ events }: ChangedFacts): readonly string[] => events.map(({ kind }) => kind);

describe('what a provider does unlike its profile', () => {
  it('is reported once for every value, also where the values take turns', () => {
    let facts = newFacts('s');
    const seen: string[] = [];
    for (const accessSeconds of [600, 600, 3600, 600, 3600, 601, 7200]) {
      const changed = succeed(facts, { accessSeconds });
      seen.push(kindsOf(changed).join());
      facts = changed.facts;
    }
    assert.deepEqual(seen, ['provider.surprise', '', 'provider.surprise', '', '', '', 'provider.surprise']);
    assert.equal(facts.learned.accessSeconds, 7200);
    assert.deepEqual(
      facts.surprises.map((one) => one.seen),
      [600, 3600, 7200],
    );
  });

  it('is not reported again after the secrets have changed', () => {
    const { facts } = succeed(newFacts('s'), { rotates: false });
    assert.deepEqual(kindsOf(succeed(newFacts('new', facts), { rotates: true })), ['provider.surprise']);
    assert.deepEqual(kindsOf(succeed(newFacts('new', facts), { rotates: false })), []);
  });
});

describe('the speed of a client', () => {
  it('is halved once for all requests that one pause refuses', () => {
    const first = afterPause(newFacts('s'), { name: 'cars', nowMs: 0, untilMs: 10_000 });
    const second = afterPause(first.facts, { name: 'cars', nowMs: 50, untilMs: 20_000 });
    assert.deepEqual([kindsOf(first), kindsOf(second)], [['client.throttled'], []]);
    assert.equal(shareOf(second.facts.pace, 20_000), 0.5);
    assert.equal(second.facts.pausedUntilMs, 20_000);
    const third = afterPause(second.facts, { name: 'cars', nowMs: 20_001, untilMs: 30_000 });
    assert.ok(shareOf(third.facts.pace, 30_000) < 0.26);
  });

  it('is a tenth when a stopped client works again, and not touched by any other success', () => {
    const stopped = afterRefusal(newFacts('s'), { name: 'cars', code: 'c', nowMs: 0 }, DEFAULT_TIMING);
    const back = succeed(stopped.facts, {});
    assert.deepEqual(kindsOf(back), ['client.recovered']);
    assert.equal(shareOf(back.facts.pace, 1000), 0.1);
    assert.deepEqual(succeed(back.facts, {}, 2000).facts.pace, back.facts.pace);
  });

  it('is not raised from a stop by the late answer to a send from before it', () => {
    const stopped = afterRefusal(newFacts('s'), { name: 'cars', code: 'c', nowMs: 5000 }, DEFAULT_TIMING);
    const late = succeed(stopped.facts, {}, 4999, 60_000);
    assert.deepEqual([kindsOf(late), late.facts.breaker], [[], stopped.facts.breaker]);
    assert.deepEqual(
      kindsOf(succeed(stopped.facts, {}, 4999)),
      ['client.recovered'],
      'the clock was put back',
    );
  });
});
