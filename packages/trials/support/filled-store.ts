import { hash } from 'node:crypto';
import type { Grant, ImportedGrant, Presented } from '@keyfob/server/grants';
import { toSeconds } from '@keyfob/server/grants';
import { historyValues } from '@keyfob/server/stores';
import type { RefreshUse, Store } from '@keyfob/server/stores';
import { consentTo } from './consent-to.ts';
import { sampleLogo } from './sample-logo.ts';
import {
  CALLER,
  CREATED_AT_MS,
  NOW_MS,
  OTHER_CALLER,
  refreshed,
  SAMPLE_DATA,
  sampleClient,
  sampleCode,
  sampleGrant,
  sampleSecret,
  sampleUse,
  sampleVehicle,
  STRICT_POLICY,
} from './samples.ts';

const FAR_APART_MS = [1, 400, 9_000_000, 30, 5, 4_000_000_000, 60_000];

/** Fills a store with at least one record of every kind, and with `plainGrants` simple grants. */
export const fillWithAll = async (store: Store, plainGrants = 50): Promise<void> => {
  await store.registerKey({
    number: 1,
    purpose: 'seal',
    createdAtMs: CREATED_AT_MS,
    fingerprint: 'a fingerprint',
  });
  await store.registerKey({ number: 2, purpose: 'seal', createdAtMs: CREATED_AT_MS, fingerprint: 'another' });
  await store.withdrawKey(1, { state: 'compromised', atMs: CREATED_AT_MS, opensUntilMs: CREATED_AT_MS + 1 });
  const used = sampleSecret('one', { expiresAtMs: CREATED_AT_MS + 10_000_000_000 });
  await store.createClient(
    sampleClient({
      secrets: [used, sampleSecret('two')],
      redirectUris: ['https://app.example/callback'],
      consentRedirectUri: 'https://app.example/over',
    }),
  );
  const privacyUrl = 'https://app.example/privacy';
  await store.changeClient('client-a', { developer: 'Example GmbH', privacyUrl, logo: sampleLogo() });
  await store.noteSecretUse('client-a', 'one', CREATED_AT_MS + 60_000);
  await store.createClient(sampleClient({ id: 'client-b', dialect: 'pleos', type: 'public' }));
  await importTokens(store);
  const terms = { dialect: 'oauth', profile: 'none', grantScope: '', isApproved: false } as const;
  const registration = { terms, version: 1, approvedAtMs: undefined, tokens: ['aa'.repeat(32)] };
  await store.createClient(sampleClient({ id: 'client-w', disabledAtMs: CREATED_AT_MS, registration }));
  await store.changeClient('client-b', { disabledAtMs: CREATED_AT_MS + 5000 });
  await store.createWebhook({
    id: 'hook',
    url: 'https://app.example/hook',
    format: 'standard',
    clientId: undefined,
    kinds: ['grant.revoked', 'grant.replayed', 'vehicles.disconnected'],
    keyNumber: 1,
    createdAtMs: CREATED_AT_MS,
    disabledAtMs: undefined,
  });
  for (let index = 0; index < plainGrants; index++) {
    const id = BigInt(index * 7919) * (index % 2 === 0 ? 1n : -(2n ** 40n)) + 1000n;
    await store.createGrant(sampleGrant({ id, subject: `owner-${index}`, brand: 'kia' }));
  }
  await store.createGrant(sampleGrant({ id: 2n ** 63n - 1n, useDigest: Uint8Array.of(1, 2, 3) }));
  await store.createGrant(sampleGrant({ id: -(2n ** 63n) }));
  await refreshOften(store);
  await store.revoke(-(2n ** 63n), { nowMs: CREATED_AT_MS + 100_000, cause: 'operator' });
  await consentTo(store, [sampleVehicle(2), sampleVehicle(1)], { grantId: 7n });
  await consentTo(store, [sampleVehicle(3)], { grantId: 8n, subject: 'owner-2', vehicleData: SAMPLE_DATA });
  const auditContext = { nowMs: NOW_MS + 5000, requestId: 'request-2' };
  await store.disconnectVehicles(8n, 'all', { ...auditContext, endsWhenEmpty: false });
  const genesis = { vehicles: [sampleVehicle(4)], brand: 'genesis', vehicleData: SAMPLE_DATA };
  await store.createCode(sampleCode({ grantId: 9n, ...genesis }));
  const [due] = await store.claimDeliveries({
    nowMs: NOW_MS + 10 ** 10,
    leaseMs: 1000,
    limit: 1,
    limitPerWebhook: 1,
    inHand: new Map(),
  });
  if (due === undefined) throw new Error('nothing was due');
  const held = { webhookId: 'hook', sequence: due.grantEvent.sequence, attempts: due.attempts };
  await store.settleDelivery(held, { kind: 'delivered', nowMs: NOW_MS, status: 204 });
  await addDevices(store);
};

/** A device that has not polled, one that polls, and two whose owners have decided. */
const USER_CODES = ['WDJBMJHT', 'BCDFGHJK', 'LMNPQRST', 'VWXZBCDF'] as const;

const addDevices = async (store: Store): Promise<void> => {
  const request = {
    clientId: 'client-a',
    scope: 'read_odometer 한',
    issuedAtMs: NOW_MS,
    intervalSeconds: 5,
    polledAtMs: undefined,
    settled: undefined,
  };
  for (const [index, userCode] of USER_CODES.entries())
    await store.createDeviceRequest({
      ...request,
      userCode,
      grantId: BigInt(index - 1) * 5003n + 17n,
      codeChallenge: index === 0 ? 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' : undefined,
    });
  const now = { nowMs: NOW_MS + 1000, doubt: undefined };
  const presented = { grantId: 17n, clientId: 'client-a', issuedAt: toSeconds(NOW_MS) };
  await store.pollDeviceRequest({ ...now, presented });
  // Too early, so it is slowed down.
  await store.pollDeviceRequest({ ...now, nowMs: NOW_MS + 2000, presented });
  await store.settleDeviceRequest(USER_CODES[2], { kind: 'declined' }, now);
  const consent = { subject: 'owner-1', vehicles: [sampleVehicle(1)] };
  await store.settleDeviceRequest(USER_CODES[3], { kind: 'approved', consent }, now);
};

const IMPORTED = ['unused', 'used', 'replayed', 'revoked', 'expired'] as const;
export type Imported = (typeof IMPORTED)[number];

/** When the tokens of the imported grants expire, except the expired one. */
export const IMPORTED_EXPIRES_AT_MS = NOW_MS + 30 * 86_400_000;

/** One of the imported grants that every filled store has. */
export const importedGrant = (name: Imported): ImportedGrant => {
  const index = IMPORTED.indexOf(name);
  return {
    // Positive and negative ids, in another order than the digests.
    grant: sampleGrant({ id: BigInt((index % 2 === 0 ? -1 : 1) * (2000 + index)), clientId: 'client-i' }),
    digest: digestOf(`imported ${name}`),
    expiresAtMs: name === 'expired' ? CREATED_AT_MS + 1000 : IMPORTED_EXPIRES_AT_MS,
    vehicles: name === 'unused' ? [sampleVehicle(6)] : [],
  };
};

export const digestOf = (text: string): Uint8Array => Uint8Array.from(hash('sha256', text, 'buffer'));

/** Imports one grant for every state of an imported token, all of one client. */
const importTokens = async (store: Store): Promise<void> => {
  await store.createClient(sampleClient({ id: 'client-i', policy: STRICT_POLICY }));
  await store.importGrants(IMPORTED.map(importedGrant), { nowMs: NOW_MS });
  await refreshed(store, useOf('used'));
  await refreshed(store, useOf('replayed'));
  const replay = useOf('replayed', { nowMs: NOW_MS + 60_000 }, { useDigest: Uint8Array.of(8) });
  await refreshed(store, replay);
  await store.revoke(importedGrant('revoked').grant.id, {
    nowMs: CREATED_AT_MS + 50_000,
    cause: 'operator',
  });
};

/** A presentation of the token of an imported grant. */
export const useOf = (
  name: Imported,
  more: Partial<Omit<RefreshUse, 'presented'>> = {},
  presented: Partial<Presented> = {},
): RefreshUse => {
  const { id: grantId } = importedGrant(name).grant;
  const useDigest = Uint8Array.of(7);
  return sampleUse(0, { ...more, presented: { grantId, clientId: 'client-i', useDigest, ...presented } });
};

/** Creates a grant with a long history: gaps of every length, a replay and a race. */
const refreshOften = async (store: Store): Promise<void> => {
  await store.createGrant(sampleGrant({ id: 42n }));
  let nowMs = NOW_MS;
  for (let generation = 0; generation < 40; generation++) {
    nowMs += FAR_APART_MS[generation % FAR_APART_MS.length] ?? 0;
    const caller = generation % 3 === 0 ? CALLER : OTHER_CALLER;
    const useDigest = Uint8Array.of(generation);
    await refreshed(store, sampleUse(generation, { nowMs, caller, presented: { useDigest } }));
  }
  // A token that is newer than the store leaves rotations with unknown times.
  await refreshed(store, sampleUse(45, { nowMs: nowMs + 3 }));
  await refreshed(store, sampleUse(2, { nowMs: nowMs + 10 ** 9 }));
};

/** The whole content of a store, as its verbs read it. */
export const readAll = async (
  store: Store,
  digests: readonly Uint8Array[] = IMPORTED.map((name) => importedGrant(name).digest),
): Promise<unknown> => {
  const grants = await store.listGrants({ limit: 100_000 });
  const states = ['pending', 'retrying', 'delivered', 'given_up'] as const;
  return {
    keys: await store.listKeys(),
    clients: (await store.listClients()).toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    waiting: await store.listWaitingClients({ limit: 100 }),
    webhooks: await store.listWebhooks(),
    grants: grants.map(withPlainHistory),
    imported: (await store.findImported(digests)).map((grant) => grant && withPlainHistory(grant)),
    replays: await Promise.all(grants.map(({ id }) => store.readReplay(id))),
    vehicles: await Promise.all(grants.map(({ id }) => store.listVehicles(id))),
    consents: await Promise.all(
      ['owner-1', 'owner-2'].map((subject) => store.listConsents(subject, { limit: 100 })),
    ),
    grantEvents: await store.listGrantEvents({ after: 0, limit: 1000 }),
    deliveries: await store.listDeliveries({ states, limit: 1000 }),
    devices: await Promise.all(USER_CODES.map((userCode) => store.findDeviceRequest(userCode))),
  };
};

/** Makes histories comparable: stores may keep old rotation times in different but equal forms. */
const withPlainHistory = (grant: Grant) => ({ ...grant, rotatedAtMs: historyValues(grant.rotatedAtMs) });
