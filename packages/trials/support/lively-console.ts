import assert from 'node:assert/strict';
import {
  addWebhook,
  changeClient,
  createAuthorizationServer,
  createGrant,
  createLoginLink,
  registerClient,
} from '@keyfob/server';
import type { AuthorizationServer } from '@keyfob/server';
import type { Role } from '@keyfob/server/operators';
import type { VehicleData } from '@keyfob/server/grants';
import { writeGrantId } from '@keyfob/server/tokens';
import type { GrantId } from '@keyfob/server/tokens';
import { removeDataDirectory, makeDataDirectory } from './keyfob-process.ts';
import { refreshSmartcar } from './refresh-request.ts';
import { sampleGrant, sampleVehicle } from './samples.ts';

const DELIVERY_STATES = ['pending', 'retrying', 'delivered', 'given_up'] as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON_MS = Date.parse('2026-11-12T09:14:00Z');

/** A long name, as some companies have one. */
const INSURER = 'Kilometerversicherungsgesellschaft der Fahrzeughalter, Produktion Europa';

/** A server whose past has something to show, with an admin listener. Its clock stands. */
export type LivelyConsole = {
  readonly server: AuthorizationServer;
  readonly url: string;
  readonly adminUrl: string;
  /**
   * Grants in 16 hexadecimal digits: stopped by what looks like a restored backup, like a theft, one that works, and one for vehicle
   * data of another client, whose owner chose an early end.
   */
  readonly grants: Readonly<Record<'restored' | 'stolen' | 'fine' | 'insured', string>>;
  /** To a webhook of every client. It has attempts. */
  readonly delivery: { readonly webhookId: string; readonly sequence: number };
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** The newest refresh token of the grant that works. */
  readonly refreshToken: string;
  /** A link that signs an operator in; a developer works with the client. */
  link(role: Role): Promise<string>;
  moveClock(byMs: number): void;
  close(): Promise<void>;
};

/** Starts a server and lets a month pass. */
export const openLivelyConsole = async (
  settings: Readonly<Record<string, unknown>> = {},
): Promise<LivelyConsole> => {
  const data = makeDataDirectory();
  let nowMs = NOON_MS - 43 * DAY_MS;
  const server = await createAuthorizationServer(
    { data, port: 0, adminPort: 0, ...settings },
    { clock: () => nowMs },
  );
  const { url, adminUrl = '' } = await server.listen();
  const { deployment } = server;
  const registered = await registerClient(deployment, {
    dialect: 'smartcar',
    name: 'Charge planner',
    redirectUris: ['https://planner.example/callback'],
  });
  assert.equal(registered.outcome, 'registered');
  const { clientSecret = '', client } = registered;
  const made = { clientId: client.id, clientSecret };
  await changeClient(deployment, client.id, {
    policy: { rotation: 'strict', overlapSeconds: 0, raceSeconds: 0 },
  });
  await registerClient(deployment, { dialect: 'pleos', name: '전기차 도우미' });
  const insurer = await registerClient(deployment, { dialect: 'oauth', name: INSURER });
  assert.equal(insurer.outcome, 'registered');
  const webhook = await addWebhook(deployment, {
    url: 'https://hooks.example/keyfob',
    format: 'standard',
    clientId: undefined,
    kinds: undefined,
    isHttpAllowed: false,
  });
  assert.equal(webhook.outcome, 'added');
  const webhookId = webhook.webhook.id;
  const car = async (subject: string, model: string, seed: number) => {
    const wanted = { clientId: client.id, subject, scope: 'read_vehicle_info read_charge', brand: undefined };
    const created = await createGrant(deployment, wanted);
    assert.equal(created.outcome, 'created');
    const { grant, tokens } = created;
    const vehicle = sampleVehicle(seed, { make: 'Hyundai', model, year: 2025, nickname: '' });
    await deployment.store.selectVehicles(grant.id, [vehicle], { nowMs });
    return { grantId: writeGrantId(grant.id), tokens: [tokens.refreshToken] };
  };
  const refresh = async (one: { readonly tokens: string[] }, userAgent = 'planner/4.2 (node)') => {
    const answer = await refreshSmartcar(url, made, one.tokens.at(-1) ?? '', { 'User-Agent': userAgent });
    assert.equal(answer.status, 200);
    one.tokens.push(answer.refreshToken);
  };
  const present = (token: string | undefined, userAgent: string) =>
    refreshSmartcar(url, made, token ?? '', { 'User-Agent': userAgent });
  const restored = await car('owner-5518@example.com', 'Ioniq 5', 1);
  const stolen = await car('owner-6042@example.com', 'Ioniq 6', 2);
  const fine = await car('owner-7781', 'Kona', 3);
  const insured = await insure(server, insurer.client.id, nowMs);
  for (const days of [6, 5, 7, 6, 5, 7]) {
    nowMs += days * DAY_MS;
    for (const one of [restored, stolen, fine]) await refresh(one);
  }
  await narrow(server, insured, nowMs);
  nowMs += 2 * DAY_MS;
  await present(stolen.tokens.at(-3), 'python-requests/2.32');
  nowMs += DAY_MS;
  await present(restored.tokens.at(-2), 'planner/4.2 (node)');
  await present('e0b16e05-2f7a-4f1b-8a37-0123456789ab', 'planner/4.2 (node)');
  const sequence = await attempt(server, webhookId, nowMs);
  nowMs = NOON_MS;
  // A machine that was cut off during an upgrade.
  await deployment.store.noteNode({
    id: 'cut-off',
    version: '0.0.9',
    host: 'fob-2.eu-central-1.compute.internal',
    processId: 4711,
    url: 'http://10.20.30.40:8080',
    startedAtMs: nowMs - 9 * DAY_MS,
    seenAtMs: nowMs - 2 * HOUR_MS,
    skewMs: -1840,
  });
  return {
    server,
    url,
    adminUrl,
    grants: {
      restored: restored.grantId,
      stolen: stolen.grantId,
      fine: fine.grantId,
      insured: writeGrantId(insured),
    },
    delivery: { webhookId, sequence },
    client: made,
    refreshToken: fine.tokens.at(-1) ?? '',
    async link(role) {
      const own = role === 'developer' ? { clientIds: [client.id] } : {};
      const name = role === 'developer' ? 'charge team' : 'night-desk';
      const operator = { kind: 'link', id: name, name, role, ...own } as const;
      return `${adminUrl}/console/login?link=${await createLoginLink(deployment, operator)}`;
    },
    moveClock: (byMs) => void (nowMs += byMs),
    async close() {
      await server.close();
      removeDataDirectory(data);
    },
  };
};

/** Gives a client vehicle data for a purpose. */
const insure = async (
  { deployment: { store, keyRing } }: AuthorizationServer,
  clientId: string,
  nowMs: number,
): Promise<GrantId> => {
  const until = (nowMs + 90 * DAY_MS) / 1000;
  const data = { mileage: 'read_odometer', charging: 'read_charge read_battery' };
  const vehicleData: VehicleData = {
    data: Object.keys(data),
    purpose: 'Price a policy by the kilometre',
    until,
    asked: { data, until, vehicles: undefined },
  };
  const grant = sampleGrant({
    id: 0x5f0c_6a9d_e01b_77a2n,
    clientId,
    subject: 'owner-9120@example.com',
    scope: Object.values(data).join(' '),
    createdAtMs: nowMs,
    keyNumber: keyRing.seal.active.number,
    vehicleData,
  });
  assert.equal(await store.createGrant(grant), 'created');
  await store.selectVehicles(grant.id, [sampleVehicle(5, { make: 'Kia', model: 'EV9', year: 2026 })], {
    nowMs,
  });
  return grant.id;
};

/** Has the owner allow less data, until an earlier day. */
const narrow = async (
  { deployment: { store } }: AuthorizationServer,
  grantId: GrantId,
  nowMs: number,
): Promise<void> => {
  const choice = { data: ['mileage'], until: (nowMs + 4 * DAY_MS) / 1000 };
  assert.equal(await store.changeVehicleData(grantId, choice, { nowMs }), 'changed');
};

/** Stores attempts of the delivery of the newest grant event. Answers its number. */
const attempt = async (
  { deployment: { store } }: AuthorizationServer,
  webhookId: string,
  nowMs: number,
): Promise<number> => {
  const [newest] = await store.listDeliveries({ webhookId, states: DELIVERY_STATES, limit: 1 });
  assert.ok(newest !== undefined);
  const { sequence } = newest.grantEvent;
  for (const attempts of [2, 3, 4]) {
    const error = attempts === 2 ? 'ECONNREFUSED' : 'answered 503';
    const status = attempts === 2 ? undefined : 503;
    const settled = { kind: 'failed', status, error, nextAtMs: nowMs + DAY_MS } as const;
    const began = { atMs: nowMs + attempts ** 3 * 60_000, tookMs: attempts * 1207 };
    await store.settleDelivery({ webhookId, sequence, attempts }, settled, began);
  }
  return sequence;
};
