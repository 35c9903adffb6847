import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pleos, smartcar } from '../providers/vendors.ts';
import type { AnswerClass } from './answer-class.ts';
import { decideAbandoned, decideFailure, pauseAskedFor } from './decide.ts';
import type { Ended, Situation } from './decide.ts';
import type { Grant } from './grant.ts';
import { DEFAULT_TIMING } from './timing.ts';

const NOW_MS = 1_000_000_000;
const CREDENTIALS = { clientId: 'c', clientSecret: 's' };
const CLIENTS = { smartcar: smartcar(CREDENTIALS), pleos: pleos(CREDENTIALS) };

const GRANT: Grant = {
  id: 'g',
  client: 'c',
  params: {},
  generation: 3,
  epoch: 1,
  state: 'inflight',
  cause: undefined,
  sinceMs: NOW_MS,
  sealed: new Uint8Array(),
  issuedAtMs: NOW_MS - 7_000_000,
  accessExpiresAtMs: NOW_MS + 200_000,
  refreshExpiresAtMs: NOW_MS + 1_000_000,
  endsAtMs: undefined,
  fence: 7,
  lease: undefined,
  sends: { count: 1, firstAtMs: NOW_MS - 100, lastAtMs: NOW_MS - 100 },
  failures: 0,
  due: undefined,
  askedAtMs: undefined,
  isAtRisk: false,
};

const ended = (found: AnswerClass, more: Partial<Ended> = {}): Ended => ({
  class: found,
  silence: 'answered',
  sentAtMs: NOW_MS - 100,
  ...more,
});

const decide = (
  ends: readonly Ended[],
  { provider = 'pleos', ...more }: Partial<Situation> & { provider?: keyof typeof CLIENTS } = {},
) =>
  decideFailure({
    grant: GRANT,
    ended: ends,
    verdict: 'wait',
    clientRetryAtMs: undefined,
    client: CLIENTS[provider],
    timing: DEFAULT_TIMING,
    nowMs: NOW_MS,
    latest: (atMs) => atMs,
    chance: 1,
    ...more,
  });

describe('what becomes of a grant whose refresh brought no pair', () => {
  for (const found of ['not_sent', 'rate_limited', 'client_rejected', 'bug'] as const)
    it(`${found} leaves it as it was`, () => {
      const { change, events } = decide([ended(found)]);
      assert.equal(change.state, 'active');
      assert.equal(change.sends.count, 0);
      assert.equal(change.due?.rank, 0);
      assert.deepEqual(events, []);
    });

  it('a client that is refused is no failure of the grant', () => {
    assert.equal(decide([ended('client_rejected')]).change.failures, 0);
    assert.equal(decide([ended('not_sent')]).change.failures, 1);
  });

  it('an older doubt stays when the next send is not looked at', () => {
    const grant = { ...GRANT, sends: { count: 2, firstAtMs: 5, lastAtMs: NOW_MS } };
    const { change } = decide([ended('rate_limited')], { grant });
    assert.equal(change.state, 'uncertain');
    assert.deepEqual(change.sends, { count: 1, firstAtMs: 5, lastAtMs: NOW_MS });
  });

  it('no answer without an overlap is a risk, announced once with its deadline', () => {
    const first = decide([ended('ambiguous', { silence: 'cut' })]);
    assert.equal(first.change.state, 'uncertain');
    assert.deepEqual(first.events, [{ kind: 'at_risk', deadlineMs: GRANT.accessExpiresAtMs }]);
    const grant = { ...GRANT, isAtRisk: true, sends: { ...GRANT.sends, count: 2 } };
    assert.deepEqual(decide([ended('ambiguous', { silence: 'cut' })], { grant }).events, []);
  });

  it('no answer inside an overlap alarms nobody until the third failure', () => {
    const silent = [ended('ambiguous', { silence: 'cut' })];
    assert.deepEqual(decide(silent, { provider: 'smartcar' }).events, []);
    const grant = { ...GRANT, failures: 2 };
    assert.equal(decide(silent, { provider: 'smartcar', grant }).events[0]?.kind, 'at_risk');
  });

  const deaths = [
    ['a refusal of a token that was never used', GRANT, [ended('grant_rejected')], 'revoked'],
    ['after its lifetime', { ...GRANT, refreshExpiresAtMs: NOW_MS }, [ended('grant_rejected')], 'expired'],
    [
      'after a send without an answer',
      { ...GRANT, sends: { ...GRANT.sends, count: 2 } },
      [ended('grant_rejected')],
      'lost_response',
    ],
    [
      'where one of two sends was refused, and the other never answered',
      { ...GRANT, sends: { ...GRANT.sends, count: 2 } },
      [ended('ambiguous', { silence: 'cut' }), ended('grant_rejected')],
      'lost_response',
    ],
    ['by the owner', GRANT, [ended('sharing_withdrawn')], 'sharing_withdrawn'],
  ] as const;
  for (const [name, grant, ends, cause] of deaths)
    it(`${name}: dead, ${cause}`, () => {
      const { change, events } = decide(ends, { grant });
      assert.equal(change.state, 'dead');
      assert.equal(change.due, undefined);
      assert.deepEqual(events, [
        { kind: 'needs_consent', cause, accessValidUntilMs: GRANT.accessExpiresAtMs },
      ]);
    });

  it('an unclear refusal waits, or follows the verdict', () => {
    assert.equal(decide([ended('unclear')]).change.state, 'suspect');
    assert.equal(decide([ended('unclear')], { verdict: 'grant' }).change.state, 'dead');
    assert.equal(decide([ended('unclear')], { verdict: 'client' }).change.state, 'active');
  });

  it('a refusal that the profile does not list ends no grant, whatever the others show', () => {
    for (const verdict of ['grant', 'wait'] as const)
      assert.equal(decide([ended('unrecognised')], { verdict }).change.state, 'suspect');
    assert.equal(decide([ended('unrecognised')], { verdict: 'client' }).change.state, 'active');
  });

  it('a refusal that the profile does not list, inside an overlap: the token is sent again before that ends', () => {
    const { change } = decide([ended('unrecognised')], { provider: 'smartcar', verdict: 'wait' });
    assert.deepEqual([change.state, change.sends.count], ['suspect', 1]);
    assert.ok((change.due?.atMs ?? Infinity) < NOW_MS + 5000);
    assert.equal(decide([ended('unrecognised')], { provider: 'pleos' }).change.sends.count, 0);
  });

  it('an answer that cannot be read is kept, its send stays open, and a human hears of it', () => {
    for (const provider of ['pleos', 'smartcar'] as const) {
      const { change, events } = decide([ended('unusable')], { provider });
      assert.equal(change.state, 'staged');
      assert.equal(change.sends.count, 1);
      assert.equal(events[0]?.kind, 'at_risk');
    }
  });

  it('a process that died without an overlap: nothing is sent before its exchange is over', () => {
    const { change, events } = decideAbandoned({
      grant: GRANT,
      clientRetryAtMs: undefined,
      client: CLIENTS.pleos,
      timing: DEFAULT_TIMING,
      nowMs: NOW_MS,
      latest: (atMs) => atMs,
      chance: 0,
    });
    assert.equal(change.state, 'uncertain');
    assert.deepEqual(change.due, { atMs: NOW_MS - 100 + 60_000, rank: 0 });
    assert.equal(events[0]?.kind, 'at_risk');
  });

  it('a process that died inside an overlap: the token is repeated at once, however often it failed before', () => {
    const { change } = decideAbandoned({
      grant: { ...GRANT, failures: 9 },
      clientRetryAtMs: undefined,
      client: CLIENTS.smartcar,
      timing: DEFAULT_TIMING,
      nowMs: NOW_MS,
      latest: (atMs) => atMs,
      chance: 1,
    });
    assert.deepEqual([change.state, change.due?.atMs, change.failures], ['uncertain', NOW_MS, 9]);
  });

  it('a pause of a provider with an overlap keeps the send open until its last moment, and then until it ends', () => {
    const away = [ended('ambiguous', { retryAfterMs: 120_000 })];
    const paused = { provider: 'smartcar', pausedUntilMs: NOW_MS + 120_000, chance: 0 } as const;
    assert.equal(pauseAskedFor(away, CLIENTS.smartcar.provider, DEFAULT_TIMING), 120_000);
    assert.equal(pauseAskedFor(away, CLIENTS.pleos.provider, DEFAULT_TIMING), undefined);
    const first = decide(away, paused).change;
    assert.deepEqual([first.state, first.sends.count], ['uncertain', 1]);
    assert.equal(first.due?.atMs, NOW_MS - 100 + 54_000);
    const grant = { ...GRANT, sends: { count: 2, firstAtMs: NOW_MS - 55_000, lastAtMs: NOW_MS - 100 } };
    assert.equal(decide(away, { ...paused, grant }).change.due?.atMs, NOW_MS + 120_000);
  });

  it('an open send is repeated inside its overlap, whatever a later one failed at', () => {
    const sends = { count: 2, firstAtMs: NOW_MS - 20_000, lastAtMs: NOW_MS - 100 };
    const grant = { ...GRANT, sends, failures: 9 };
    for (const found of ['not_sent', 'unclear', 'unrecognised', 'ambiguous'] as const)
      assert.equal(decide([ended(found)], { provider: 'smartcar', grant }).change.due?.atMs, NOW_MS + 15_000);
    const lastMs = NOW_MS + 34_000;
    const refused = { provider: 'smartcar', clientRetryAtMs: NOW_MS + 60_000, grant } as const;
    for (const found of ['client_rejected', 'bug'] as const)
      assert.equal(decide([ended(found)], refused).change.due?.atMs, lastMs);
    const verdict = { ...refused, verdict: 'client' } as const;
    assert.equal(decide([ended('unrecognised')], verdict).change.due?.atMs, lastMs);
    const once = decide([ended('not_sent')], { provider: 'pleos', grant }).change;
    assert.equal(once.due?.atMs, NOW_MS + 512_000);
  });

  it('a pause is spread, so that not everything returns at once', () => {
    const late = decide([ended('rate_limited', { retryAfterMs: 30_000 })]).change.due?.atMs;
    assert.equal(late, NOW_MS + 60_000);
    const early = decide([ended('rate_limited', { retryAfterMs: 30_000 })], { chance: 0 }).change.due?.atMs;
    assert.equal(early, NOW_MS + 30_000);
  });
});
