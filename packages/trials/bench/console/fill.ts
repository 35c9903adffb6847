import { hash } from 'node:crypto';
import type { Deployment } from '@keyfob/server';
import type { Grant } from '@keyfob/server/grants';
import { writeGrantId } from '@keyfob/server/tokens';
import { sampleClient, sampleGrant, sampleSecret, sampleUse, sampleVehicle } from '../../support/samples.ts';
import type { ConsoleIds } from '../../support/console-pages.ts';
import { grantIdAt } from '../volume/grants.ts';

/** How much a store has. */
export type ConsoleVolume = { readonly grants: number; readonly clients: number };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const BATCH_GRANTS = 1000;
/** The first client has this share of all grants, as the largest partner of a platform has. */
const SHARE_OF_FIRST = 0.4;
const WEBHOOKS = 20;
const REPLAYED = 400;
const REVOKED = 2000;
const AUDITED = 2000;
/** Clients that are refused something every hour. */
const TROUBLED_CLIENTS = 100;

/** Whether a grant is of the first client. */
const isOfFirst = (index: number): boolean => index % 100 < SHARE_OF_FIRST * 100;
const shown = (index: number): string => writeGrantId(grantIdAt(index));
const clientIdAt = (index: number): string => `client-${String(index).padStart(5, '0')}`;

/** Fills an empty store as two years of use would have, as far as pages of the console read it. Answers the ids that they are about. */
export const fillForConsole = async (
  deployment: Pick<Deployment, 'store' | 'keyRing'>,
  { grants, clients }: ConsoleVolume,
  nowMs: number,
): Promise<ConsoleIds> => {
  await addClients(deployment, clients, nowMs);
  const webhookId = await addWebhooks(deployment, nowMs);
  const clientOf = (index: number): string =>
    isOfFirst(index) ? clientIdAt(0) : clientIdAt(1 + (index % (clients - 1)));
  const grantAt = (index: number): Grant =>
    sampleGrant({
      id: grantIdAt(index),
      clientId: clientOf(index),
      subject: `owner-${index}@example.com`,
      scope: 'read_vehicle_info read_odometer read_charge',
      createdAtMs: nowMs - DAY_MS - ((index * 7919) % (50 * DAY_MS)),
      keyNumber: deployment.keyRing.seal.active.number,
    });
  for (let first = 0; first < grants; first += BATCH_GRANTS) {
    const count = Math.min(BATCH_GRANTS, grants - first);
    const batch = Array.from({ length: count }, (_, offset) => ({
      grant: grantAt(first + offset),
      digest: Uint8Array.from(hash('sha256', `token ${first + offset}`, 'buffer')),
      expiresAtMs: nowMs + 50 * DAY_MS,
      vehicles: [sampleVehicle(1, { vin: `KMHT${String(first + offset).padStart(13, '0')}` })],
    }));
    const outcomes = await deployment.store.importGrants(batch, { nowMs: nowMs - DAY_MS });
    const failed = outcomes.find((outcome) => outcome !== 'imported');
    if (failed !== undefined) throw new Error(`a grant was not made: ${failed}`);
  }
  await addTroubles(deployment, clientOf, grantAt, nowMs);
  const sequence = await addAttempts(deployment, webhookId, nowMs);
  return {
    clientId: clientIdAt(0),
    delivery: { webhookId, sequence },
    // The first ones were replayed, the next ones revoked.
    grants: {
      restored: shown(0),
      stolen: shown(1),
      fine: shown(REPLAYED + REVOKED + 1),
      insured: shown(REPLAYED + 1),
    },
  };
};

/** Few at a time, so that no statement waits for a connection too long. */
const together = async (count: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  for (let first = 0; first < count; first += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, count - first) }, (_, offset) => work(first + offset)),
    );
};

const addClients = ({ store }: Pick<Deployment, 'store'>, clients: number, nowMs: number): Promise<void> =>
  together(clients, (index) =>
    store.createClient(
      sampleClient({
        id: clientIdAt(index),
        name: `Charge planner ${index}`,
        createdAtMs: nowMs - (clients - index) * HOUR_MS,
        redirectUris: ['https://planner.example/callback'],
        secrets: [sampleSecret(`${index}-one`), sampleSecret(`${index}-two`)],
      }),
    ),
  );

/** Only the first one gets something, and all of that is delivered: no sender disturbs the measurement. */
const addWebhooks = async ({ store }: Pick<Deployment, 'store'>, nowMs: number): Promise<string> => {
  for (let index = 0; index < WEBHOOKS; index++)
    await store.createWebhook({
      id: `hook-${index}`,
      url: `https://hooks.example/${index}`,
      format: 'standard',
      clientId: index === 0 ? undefined : clientIdAt(index),
      kinds: [index === 0 ? 'grant.revoked' : 'vehicles.disconnected'],
      keyNumber: 1,
      createdAtMs: nowMs,
      disabledAtMs: undefined,
    });
  return 'hook-0';
};

const addTroubles = async (
  { store, keyRing }: Pick<Deployment, 'store' | 'keyRing'>,
  clientOf: (index: number) => string,
  grantAt: (index: number) => Grant,
  nowMs: number,
): Promise<void> => {
  const useOf = (index: number, generation: number, atMs: number, digest: number) =>
    store.refresh(
      sampleUse(generation, {
        nowMs: atMs,
        keyNumber: keyRing.seal.active.number,
        presented: {
          grantId: grantIdAt(index),
          clientId: clientOf(index),
          useDigest: Uint8Array.of(digest),
        },
      }),
    );
  await together(REPLAYED, async (index) => {
    const atMs = Math.max(nowMs - DAY_MS / 2, grantAt(index).createdAtMs);
    await useOf(index, 0, atMs, 1);
    await useOf(index, 1, atMs + 1000, 2);
    await useOf(index, 0, atMs + HOUR_MS * 6, 3);
  });
  await together(REVOKED, (index) =>
    store.revoke(grantIdAt(REPLAYED + index), { nowMs: nowMs - HOUR_MS, cause: 'operator' }),
  );
  const hour = Math.floor(nowMs / HOUR_MS);
  for (let back = 0; back < 24 * 30; back++)
    await store.addTroubles(
      Array.from({ length: TROUBLED_CLIENTS }, (_, index) => ({
        hour: hour - back,
        event: index % 10 === 0 ? 'refresh.replayed' : 'refresh.refused',
        reason: index % 10 === 0 ? 'lost_answer' : 'expired',
        clientId: clientIdAt(index),
        count: 1 + (index % 5),
        lastAtMs: (hour - back) * HOUR_MS,
      })),
    );
  // As a server does every hour: what is older is kept by day.
  await store.dropTroubles({ hoursPerPart: 1, beforeHour: hour - 47, limit: 100_000 });
  const operator = { kind: 'link', id: 'night-desk', name: 'night-desk', role: 'support' } as const;
  await together(AUDITED, (index) =>
    store.appendAudit({
      atMs: nowMs - AUDITED + index,
      operator,
      action: 'grant.read',
      target: `grant:${writeGrantId(grantIdAt(index))}`,
      reason: '',
      requestId: `request-${index}`,
      outcome: 'seen',
      details: '{}',
    }),
  );
};

const addAttempts = async (
  { store }: Pick<Deployment, 'store'>,
  webhookId: string,
  nowMs: number,
): Promise<number> => {
  const deliveries = await store.listDeliveries({
    webhookId,
    states: ['pending', 'retrying', 'delivered', 'given_up'],
    limit: 100_000,
  });
  await together(deliveries.length, async (index) => {
    const sequence = deliveries[index]?.grantEvent.sequence ?? 0;
    const held = { webhookId, sequence, attempts: 1 };
    await store.settleDelivery(held, { kind: 'delivered', nowMs, status: 204 }, { atMs: nowMs, tookMs: 80 });
  });
  return deliveries[0]?.grantEvent.sequence ?? 0;
};
