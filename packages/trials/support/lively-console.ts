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
import { writeGrantId } from '@keyfob/server/tokens';
import { removeDataDirectory, makeDataDirectory } from './keyfob-process.ts';
import { refreshSmartcar } from './refresh-request.ts';
import { sampleVehicle } from './samples.ts';

const DAY_MS = 86_400_000;
const NOON_MS = Date.parse('2026-11-12T09:14:00Z');

/** A server whose past has something to show, with an admin listener. Its clock stands. */
export type LivelyConsole = {
  readonly server: AuthorizationServer;
  readonly url: string;
  readonly adminUrl: string;
  /** Grants in 16 hexadecimal digits: stopped by what looks like a restored backup, like a theft, and one that works. */
  readonly grants: { readonly restored: string; readonly stolen: string; readonly fine: string };
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
  await addWebhook(deployment, {
    url: 'https://hooks.example/keyfob',
    format: 'standard',
    clientId: undefined,
    kinds: undefined,
    isHttpAllowed: false,
  });
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
  for (const days of [6, 5, 7, 6, 5, 7]) {
    nowMs += days * DAY_MS;
    for (const one of [restored, stolen, fine]) await refresh(one);
  }
  nowMs += 2 * DAY_MS;
  await present(stolen.tokens.at(-3), 'python-requests/2.32');
  nowMs += DAY_MS;
  await present(restored.tokens.at(-2), 'planner/4.2 (node)');
  await present('e0b16e05-2f7a-4f1b-8a37-0123456789ab', 'planner/4.2 (node)');
  nowMs = NOON_MS;
  return {
    server,
    url,
    adminUrl,
    grants: { restored: restored.grantId, stolen: stolen.grantId, fine: fine.grantId },
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
