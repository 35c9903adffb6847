import assert from 'node:assert/strict';
import { DEVICE_CODE_LIFETIME_SECONDS } from '@keyfob/server/grants';
import type { DeviceRequest } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import {
  fill,
  NOW_MS,
  redeemed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnReopened, OnStore, OnTwo } from '../register.ts';

const REQUEST: DeviceRequest = {
  grantId: 42n,
  clientId: 'client-a',
  userCode: 'WDJBMJHT',
  scope: 'read_odometer 한',
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  issuedAtMs: NOW_MS,
  intervalSeconds: 5,
  polledAtMs: undefined,
  settled: undefined,
};
/** RFC 7636, Appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const APPROVAL = {
  kind: 'approved',
  consent: { subject: 'owner-1', vehicles: [sampleVehicle(1)] },
} as const;
const DECLINED = { kind: 'declined' } as const;
const LIFETIME_MS = DEVICE_CODE_LIFETIME_SECONDS * 1000;

const at = (afterMs: number) => ({ nowMs: NOW_MS + afterMs, doubt: undefined });

const poll = (store: Store, afterMs: number, more: Partial<{ grantId: bigint; clientId: string }> = {}) =>
  store.pollDeviceRequest({
    ...at(afterMs),
    presented: { grantId: 42n, clientId: 'client-a', issuedAt: Math.floor(NOW_MS / 1000), ...more },
  });

const redeem = (store: Store, afterMs: number) =>
  redeemed(
    store,
    sampleCodeUse({
      nowMs: NOW_MS + afterMs,
      presented: { isDevice: true, redirectUri: undefined, codeVerifier: VERIFIER },
    }),
  );

const withRequest = async (store: Store): Promise<void> => {
  await store.createClient(sampleClient());
  assert.equal(await store.createDeviceRequest(REQUEST), 'created');
};

export const deviceContract = (onStore: OnStore): void => {
  onStore('The request of a device is found by its user code, as it was stored.', async (store) => {
    await withRequest(store);
    assert.deepEqual(await store.findDeviceRequest('WDJBMJHT'), REQUEST);
    assert.equal(await store.findDeviceRequest('BBBBBBBB'), undefined);
    const bare = { ...REQUEST, grantId: -43n, userCode: 'CCCCCCCC', codeChallenge: undefined };
    assert.equal(await store.createDeviceRequest(bare), 'created');
    assert.deepEqual(await store.findDeviceRequest('CCCCCCCC'), bare);
  });

  onStore('A request needs a known client, a new grant id and a new user code.', async (store) => {
    assert.equal(await store.createDeviceRequest(REQUEST), 'client_unknown');
    await fill(store, {}, { id: 43n });
    assert.equal(await store.createDeviceRequest(REQUEST), 'created');
    await store.createCode(sampleCode({ grantId: 44n }));
    for (const taken of [
      { grantId: 42n, userCode: 'CCCCCCCC' },
      { grantId: 43n, userCode: 'CCCCCCCC' },
      { grantId: 44n, userCode: 'CCCCCCCC' },
      { grantId: 45n, userCode: 'WDJBMJHT' },
    ])
      assert.equal(await store.createDeviceRequest({ ...REQUEST, ...taken }), 'taken');
  });

  onStore('An old request is dropped when another is created that asks for it.', async (store) => {
    await withRequest(store);
    const later = { ...REQUEST, grantId: 43n, userCode: 'CCCCCCCC', issuedAtMs: NOW_MS + 1 };
    await store.createDeviceRequest(later, NOW_MS);
    assert.notEqual(await store.findDeviceRequest('WDJBMJHT'), undefined);
    await store.createDeviceRequest({ ...later, grantId: 44n, userCode: 'DDDDDDDD' }, NOW_MS + 1);
    assert.equal(await store.findDeviceRequest('WDJBMJHT'), undefined);
    assert.notEqual(await store.findDeviceRequest('CCCCCCCC'), undefined);
  });

  onStore('Polls that come too early make the interval longer, for every later poll.', async (store) => {
    await withRequest(store);
    const outcomes = [];
    for (const afterMs of [0, 3999, 12_998, 26_998]) outcomes.push(await poll(store, afterMs));
    assert.deepEqual(outcomes, ['pending', 'slow_down', 'slow_down', 'pending']);
    const { intervalSeconds, polledAtMs } = (await store.findDeviceRequest('WDJBMJHT')) ?? {};
    assert.deepEqual([intervalSeconds, polledAtMs], [15, NOW_MS + 26_998]);
    assert.equal(await poll(store, 0, { clientId: 'client-b' }), 'client_mismatch');
    assert.equal(await poll(store, 0, { grantId: 43n }), 'unknown');
    assert.equal(await poll(store, LIFETIME_MS + 1000), 'expired');
  });

  onStore('An approval gives a grant with everything that the owner agreed to, once.', async (store) => {
    await withRequest(store);
    assert.equal(await store.settleDeviceRequest('WDJBMJHT', APPROVAL, at(1000)), 'settled');
    assert.equal(await poll(store, 1001), 'approved');
    const first = await redeem(store, 2000);
    assert.deepEqual(first.verdict, { kind: 'redeem' });
    const { subject, scope, clientId } = first.grant ?? {};
    assert.deepEqual([subject, scope, clientId], ['owner-1', REQUEST.scope, 'client-a']);
    assert.deepEqual(await store.listVehicles(42n), APPROVAL.consent.vehicles);
    const again = await redeem(store, 3000);
    assert.deepEqual([again.verdict, again.fault, again.grant], [{ kind: 'repeat' }, undefined, first.grant]);
    const late = await redeem(store, 2_000_000);
    assert.deepEqual([late.verdict.kind, late.hasRevoked], ['refuse', false]);
    assert.equal((await store.listGrantEvents({ after: 0, limit: 10 })).length, 1);
  });

  onStore('An owner decides once, and only in time.', async (store) => {
    await withRequest(store);
    assert.equal(await store.settleDeviceRequest('BBBBBBBB', APPROVAL, at(0)), 'unknown');
    assert.equal(await store.settleDeviceRequest('WDJBMJHT', APPROVAL, at(LIFETIME_MS)), 'expired');
    assert.equal(await store.settleDeviceRequest('WDJBMJHT', DECLINED, at(0)), 'settled');
    assert.equal(await store.settleDeviceRequest('WDJBMJHT', APPROVAL, at(0)), 'settled_before');
    assert.equal(await poll(store, 0), 'declined');
    assert.deepEqual((await redeem(store, 0)).verdict, { kind: 'refuse', reason: 'code_unknown' });
  });

  onStore('Of two decisions at the same time, one counts.', async (store) => {
    await withRequest(store);
    const outcomes = await Promise.all([
      store.settleDeviceRequest('WDJBMJHT', APPROVAL, at(0)),
      store.settleDeviceRequest('WDJBMJHT', DECLINED, at(0)),
    ]);
    assert.deepEqual(outcomes.toSorted(), ['settled', 'settled_before']);
    assert.equal(await poll(store, 0), outcomes[0] === 'settled' ? 'approved' : 'declined');
  });
};

/** Two nodes. */
export const deviceConnectionContract = (onTwo: OnTwo): void => {
  onTwo(
    'A device asks at one node, its owner agrees at another, and it polls at both.',
    async (one, other) => {
      await withRequest(one);
      assert.equal(await other.pollDeviceRequest({ ...at(0), presented: presented() }), 'pending');
      assert.equal(await poll(one, 1000), 'slow_down');
      assert.equal(await other.settleDeviceRequest('WDJBMJHT', APPROVAL, at(2000)), 'settled');
      assert.equal(await poll(one, 2000), 'approved');
      assert.equal((await redeem(one, 2000)).verdict.kind, 'redeem');
      assert.equal((await redeem(other, 3000)).verdict.kind, 'repeat');
    },
  );
};

const presented = () => ({ grantId: 42n, clientId: 'client-a', issuedAt: Math.floor(NOW_MS / 1000) });

/** What is there after a restart. */
export const deviceLastingContract = (onReopened: OnReopened): void => {
  onReopened('A request, its interval and its approval survive a restart.', async (store, reopen) => {
    await withRequest(store);
    await poll(store, 0);
    await poll(store, 0);
    const second = await reopen();
    assert.equal((await second.findDeviceRequest('WDJBMJHT'))?.intervalSeconds, 10);
    assert.equal(await second.settleDeviceRequest('WDJBMJHT', APPROVAL, at(0)), 'settled');
    const third = await reopen();
    assert.equal(await poll(third, 0), 'approved');
    assert.equal((await redeem(third, 0)).verdict.kind, 'redeem');
  });
};
