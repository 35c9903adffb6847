import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import type { CodeState } from './code.ts';
import type { CodeUse } from './code-store.ts';
import { decideCode, NOTHING_REDEEMED } from './decide-code.ts';
import { decideCreation } from './decide-creation.ts';
import { decideRefresh, NO_REPLAY_CONTEXT } from './decide-refresh.ts';
import { decideReinstatement, decideRevocation } from './decide-revocation.ts';
import { decideDisconnection, decideSelection } from './decide-vehicles.ts';
import { REVOCATION_CAUSES } from './grant.ts';
import type { Grant } from './grant.ts';
import type { RefreshUse } from './grant-store.ts';
import type { Vehicle } from './vehicle.ts';

const NOW_MS = 1_750_000_000_999;
const NOW = 1_750_000_000;
const HOUR_MS = 3_600_000;
const AUDIT = { nowMs: NOW_MS, requestId: 'request-1' };
const CALLER = { address: '192.0.2.2', userAgent: 'client-a/1.1' };

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 5_184_000,
  accessTokenLifetimeSeconds: 7200,
  rotation: 'strict',
  overlapSeconds: 0,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 16,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const GRANT: Grant = {
  id: 7n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: NOW_MS - 86_400_000,
  generation: 5,
  keyNumber: 1,
  rotatedAtMs: [NOW_MS - HOUR_MS],
  rotatedBy: CALLER,
  useDigest: undefined,
  revocation: undefined,
};
const REVOKED: Grant = { ...GRANT, revocation: { atMs: NOW_MS - 1000, cause: 'operator' } };
const TAKEN_BACK: Grant = { ...GRANT, revocation: { atMs: NOW_MS - 1000, cause: 'owner' } };

const vehicle = (id: string): Vehicle => ({
  id,
  vin: `vin-${id}`,
  make: 'hyundai',
  model: 'IONIQ 5',
  year: 2024,
  nickname: '',
  powertrain: 'EV',
});
const [ONE, TWO, THREE] = [vehicle('one'), vehicle('two'), vehicle('three')];

/** A grant event of the grant, as far as it differs from the others here. */
const event = (kind: string, cause?: string, vins: readonly string[] = []) => ({
  kind,
  atMs: NOW_MS,
  grantId: 7n,
  clientId: 'client-a',
  subject: 'owner-1',
  requestId: 'request-1',
  cause,
  vins,
});

const useOf = (generation: number): RefreshUse => ({
  ...AUDIT,
  doubt: undefined,
  keyNumber: 2,
  caller: CALLER,
  presented: {
    grantId: 7n,
    generation,
    clientId: 'client-a',
    brand: undefined,
    useDigest: undefined,
    isRetryOfOurs: false,
  },
});

/** The grant events of a replay, so long after the last one. */
const eventsAfter = (sinceLastMs: number | undefined, policy = POLICY) => {
  const lastReplay = sinceLastMs === undefined ? undefined : { atMs: NOW_MS - sinceLastMs };
  const context = { lastReplayOf: () => lastReplay, vehiclesOf: () => [ONE, TWO] };
  return decideRefresh(GRANT, useOf(3), policy, context).grantEvents;
};

/** A decision that must do without the context of a replay. */
const decide = (grant: Grant | undefined, generation: number) =>
  decideRefresh(grant, useOf(generation), POLICY, {
    lastReplayOf: () => assert.fail('the last replay is read'),
    vehiclesOf: () => assert.fail('the vehicles are read'),
  });

describe('the decision about a refresh token', () => {
  test('A grant that the store does not have stays unknown.', () => {
    const { result, grantEvents } = decide(undefined, 5);
    const verdict = { kind: 'refuse', reason: 'unknown' };
    const nothing = { grant: undefined, replay: undefined, clockFault: undefined };
    assert.deepEqual(result, { verdict, policy: POLICY, ...nothing });
    assert.deepEqual(grantEvents, []);
  });

  test('A verdict that changes nothing answers the very same grant, without evidence.', () => {
    const { result, grantEvents } = decide(REVOKED, 5);
    assert.equal(result.grant, REVOKED);
    assert.equal(result.replay, undefined);
    assert.deepEqual(grantEvents, []);
  });

  test('A rotation reads nothing but the grant, and makes no event.', () => {
    const { result, grantEvents } = decide(GRANT, 5);
    assert.equal(result.grant?.generation, 6);
    assert.deepEqual(grantEvents, []);
  });

  test('A replay revokes under its policy, and leaves evidence of the grant as it was.', () => {
    const { grant, replay } = decideRefresh(GRANT, useOf(3), POLICY, NO_REPLAY_CONTEXT).result;
    assert.deepEqual(grant?.revocation, { atMs: NOW_MS, cause: 'replay' });
    assert.deepEqual([replay?.gap, replay?.generation, replay?.sinceRotationMs], [2, 3, HOUR_MS]);
    const watching = { ...POLICY, onReplay: 'observe' } as const;
    const watched = decideRefresh(GRANT, useOf(3), watching, NO_REPLAY_CONTEXT).result;
    assert.equal(watched.grant, GRANT);
    assert.equal(watched.replay?.response, 'observe');
  });

  const replayed = event('grant.replayed', 'lost_answer');
  const revoked = event('grant.revoked', 'replay', ['vin-one', 'vin-two']);

  test('A first replay makes an event of its own, and one of the revocation with the vehicles.', () => {
    assert.deepEqual(eventsAfter(undefined), [replayed, revoked]);
  });

  test('Further replays make one event per hour.', () => {
    const policy = { ...POLICY, onReplay: 'refuse' } as const;
    assert.deepEqual(eventsAfter(HOUR_MS - 1, policy), []);
    assert.deepEqual(eventsAfter(HOUR_MS, policy), [replayed]);
  });
});

describe('the decision about a new grant', () => {
  test('A grant begins with an event that names its vehicles, at the time of the audit context.', () => {
    assert.deepEqual(decideCreation(GRANT, AUDIT, [ONE]), {
      grant: GRANT,
      grantEvents: [event('grant.created', undefined, ['vin-one'])],
    });
  });

  test('Without an audit context the event has the time of the grant.', () => {
    const { grantEvents } = decideCreation(GRANT);
    assert.deepEqual(
      grantEvents.map(({ atMs, requestId, vins }) => ({ atMs, requestId, vins })),
      [{ atMs: GRANT.createdAtMs, requestId: undefined, vins: [] }],
    );
  });
});

describe('the decision about a revocation', () => {
  test('A grant is revoked to the second, with an event that names its vehicles.', () => {
    assert.deepEqual(decideRevocation(GRANT, { ...AUDIT, cause: 'owner' }, [ONE]), {
      grant: { ...GRANT, revocation: { atMs: NOW_MS, cause: 'owner' } },
      grantEvents: [event('grant.revoked', 'owner', ['vin-one'])],
    });
  });

  test('A grant that a replay revoked can be revoked once more, for another cause, from the same moment.', () => {
    const atMs = NOW_MS - 1000;
    const replayed: Grant = { ...GRANT, revocation: { atMs, cause: 'replay' } };
    for (const cause of ['owner', 'operator', 'client'] as const)
      assert.deepEqual(decideRevocation(replayed, { ...AUDIT, cause }, [ONE]), {
        grant: { ...GRANT, revocation: { atMs, cause } },
        grantEvents: [event('grant.revoked', cause, ['vin-one'])],
      });
    assert.equal(decideRevocation(replayed, { ...AUDIT, cause: 'replay' }, []), 'revoked_before');
  });

  test('What an operator, a replay or a code ended can still be ended for good, from the same moment.', () => {
    const atMs = NOW_MS - 1000;
    for (const before of ['operator', 'replay', 'code_replay'] as const)
      for (const cause of ['owner', 'client', 'disconnected'] as const)
        assert.deepEqual(
          decideRevocation({ ...GRANT, revocation: { atMs, cause: before } }, { ...AUDIT, cause }, [ONE]),
          {
            grant: { ...GRANT, revocation: { atMs, cause } },
            grantEvents: [event('grant.revoked', cause, ['vin-one'])],
          },
        );
  });

  test('What its owner or its client ended opens again only by a new consent.', () => {
    for (const cause of ['owner', 'client', 'disconnected'] as const) {
      const ended: Grant = { ...GRANT, revocation: { atMs: NOW_MS - 1000, cause } };
      assert.equal(decideReinstatement(ended, AUDIT), 'consent_needed');
      for (const later of REVOCATION_CAUSES)
        assert.equal(decideRevocation(ended, { ...AUDIT, cause: later }, []), 'revoked_before');
    }
  });

  test('A revocation is undone with an event.', () => {
    assert.deepEqual(decideReinstatement(REVOKED, AUDIT), {
      grant: GRANT,
      grantEvents: [event('grant.reinstated')],
    });
  });

  test('Nothing is decided twice, or about an unknown grant.', () => {
    const revocation = { ...AUDIT, cause: 'owner' } as const;
    assert.equal(decideRevocation(TAKEN_BACK, revocation, []), 'revoked_before');
    assert.equal(decideRevocation(REVOKED, { ...AUDIT, cause: 'operator' }, []), 'revoked_before');
    assert.equal(decideRevocation(undefined, revocation, []), 'unknown');
    assert.equal(decideReinstatement(GRANT, AUDIT), 'not_revoked');
    assert.equal(decideReinstatement(undefined, AUDIT), 'unknown');
  });
});

describe('the decision about vehicles', () => {
  test('A selection reports what it removes, and then what it adds.', () => {
    assert.deepEqual(decideSelection(GRANT, [ONE, TWO], [TWO, THREE], AUDIT), {
      grant: GRANT,
      covered: [TWO, THREE],
      grantEvents: [
        event('vehicles.disconnected', undefined, ['vin-one']),
        event('vehicles.connected', undefined, ['vin-three']),
      ],
    });
    const same = decideSelection(GRANT, [ONE], [ONE], AUDIT);
    assert.deepEqual(same, { grant: GRANT, covered: [ONE], grantEvents: [] });
  });

  test('Only an active grant can have a selection.', () => {
    assert.equal(decideSelection(REVOKED, [], [ONE], AUDIT), 'revoked');
    assert.equal(decideSelection(undefined, [], [ONE], AUDIT), 'unknown');
  });

  test('A grant ends with its last vehicle, if it is to end when it is empty.', () => {
    const options = { ...AUDIT, endsWhenEmpty: true };
    const some = decideDisconnection(GRANT, [ONE, TWO], ['one', 'other'], options);
    const disconnected = event('vehicles.disconnected', undefined, ['vin-one']);
    assert.deepEqual(some, {
      grant: GRANT,
      grantEvents: [disconnected],
      disconnected: [ONE],
      covered: [TWO],
      isRevoked: false,
    });
    const last = decideDisconnection(GRANT, [ONE], 'all', options);
    assert.deepEqual(last, {
      grant: { ...GRANT, revocation: { atMs: NOW_MS, cause: 'disconnected' } },
      grantEvents: [disconnected, event('grant.revoked', 'disconnected')],
      disconnected: [ONE],
      covered: [],
      isRevoked: true,
    });
  });

  for (const [name, grant, before, endsWhenEmpty] of [
    ['stays, empty, where it is not to end', GRANT, [ONE], false],
    ['that its owner took back is not revoked again', TAKEN_BACK, [ONE], true],
    ['without vehicles is not ended by a disconnection', GRANT, [], true],
  ] as const)
    test(`A grant ${name}.`, () => {
      const decision = decideDisconnection(grant, before, 'all', { ...AUDIT, endsWhenEmpty });
      assert.ok(decision !== 'unknown');
      assert.equal(decision.grant, grant);
      assert.equal(decision.isRevoked, false);
    });
});

describe('the decision about an authorization code', () => {
  const CODE: CodeState = {
    grantId: 7n,
    clientId: 'client-a',
    redirectUri: 'https://app.example/callback',
    codeChallenge: undefined,
    issuedAtMs: NOW_MS - 60_000,
    subject: 'owner-1',
    scope: 'read_odometer',
    brand: 'kia',
    vehicles: [ONE],
    redeemedAtMs: undefined,
    useDigest: undefined,
  };
  const REDEEMED: CodeState = { ...CODE, redeemedAtMs: NOW_MS - 10_000 };
  const use: CodeUse = {
    ...AUDIT,
    doubt: undefined,
    keyNumber: 2,
    caller: CALLER,
    presented: {
      grantId: 7n,
      issuedAt: NOW - 60,
      clientId: 'client-a',
      brand: 'kia',
      redirectUri: CODE.redirectUri,
      onlyRedirectUri: undefined,
      codeVerifier: undefined,
      useDigest: undefined,
      isRetryOfOurs: false,
    },
  };

  test('A first use makes the grant, and an event that names its vehicles.', () => {
    const { result, redeemed, grantEvents } = decideCode(CODE, NOTHING_REDEEMED, use, POLICY);
    assert.deepEqual(result.grant, {
      ...GRANT,
      brand: 'kia',
      createdAtMs: NOW_MS,
      generation: 0,
      keyNumber: 2,
      rotatedAtMs: [],
      rotatedBy: undefined,
    });
    assert.deepEqual(redeemed, { ...CODE, redeemedAtMs: NOW_MS });
    assert.deepEqual(grantEvents, [event('grant.created', undefined, ['vin-one'])]);
  });

  test('A second use revokes the grant of the first, once.', () => {
    const first = decideCode(REDEEMED, { grant: GRANT, vehicles: [TWO] }, use, POLICY);
    assert.deepEqual(first.result.grant?.revocation, { atMs: NOW_MS, cause: 'code_replay' });
    assert.equal(first.result.hasRevoked, true);
    assert.deepEqual(first.grantEvents, [event('grant.revoked', 'code_replay', ['vin-two'])]);
    const second = decideCode(REDEEMED, { grant: REVOKED, vehicles: [TWO] }, use, POLICY);
    assert.deepEqual([second.result.grant, second.result.hasRevoked], [REVOKED, false]);
    assert.deepEqual(second.grantEvents, []);
  });

  test('A second use by another client revokes the grant of the first.', () => {
    const foreign = { ...use, presented: { ...use.presented, clientId: 'client-b' } };
    const { result } = decideCode(REDEEMED, { grant: GRANT, vehicles: [TWO] }, foreign, POLICY);
    assert.deepEqual([result.grant?.clientId, result.hasRevoked], [GRANT.clientId, true]);
  });

  const retry = { ...use, presented: { ...use.presented, isRetryOfOurs: true } };

  test('a code of the profile fapi2 lives 60 seconds, and every other one ten minutes', () => {
    for (const [profile, lifetimeMs] of [
      ['fapi2', 60_000],
      ['none', 600_000],
    ] as const) {
      const kindAt = (afterMs: number) =>
        decideCode(
          CODE,
          NOTHING_REDEEMED,
          { ...use, nowMs: CODE.issuedAtMs - (CODE.issuedAtMs % 1000) + afterMs },
          {
            ...POLICY,
            profile,
          },
        ).result.verdict.kind;
      assert.deepEqual([kindAt(lifetimeMs - 1), kindAt(lifetimeMs)], ['redeem', 'refuse']);
    }
  });

  test('A repeat gets the first tokens of an active grant, and of no other.', () => {
    const faultOf = (grant: Grant | undefined) =>
      decideCode(REDEEMED, { grant, vehicles: [] }, retry, POLICY).result.fault;
    const first = { ...GRANT, generation: 0, rotatedAtMs: [] };
    const long = (NOW - POLICY.refreshTokenLifetimeSeconds) * 1000;
    assert.equal(faultOf(first), undefined);
    assert.equal(faultOf({ ...first, revocation: { atMs: NOW_MS - 1000, cause: 'owner' } }), 'revoked');
    assert.equal(faultOf({ ...first, createdAtMs: long }), 'expired');
    assert.equal(faultOf({ ...first, createdAtMs: long + 1000 }), undefined);
    assert.equal(faultOf({ ...first, generation: 1 }), 'concurrent_use');
    assert.equal(faultOf(undefined), 'unknown');
    assert.equal(decideCode(CODE, NOTHING_REDEEMED, use, POLICY).result.fault, undefined);
  });

  test('A repeat and a refusal change nothing.', () => {
    const repeated = decideCode(REDEEMED, { grant: GRANT, vehicles: [] }, retry, POLICY);
    assert.equal(repeated.result.grant, GRANT);
    const refused = decideCode(undefined, NOTHING_REDEEMED, use, POLICY);
    const reloadedState = { ...REDEEMED, redeemedAtMs: NOW_MS - 9999 };
    const reloaded = decideCode(reloadedState, { grant: GRANT, vehicles: [] }, use, POLICY);
    for (const { result } of [refused, reloaded])
      assert.deepEqual([result.grant, result.hasRevoked], [undefined, false]);
    for (const { redeemed, grantEvents } of [repeated, refused, reloaded])
      assert.deepEqual([redeemed, grantEvents], [undefined, []]);
  });
});
