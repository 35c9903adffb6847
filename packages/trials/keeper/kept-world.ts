import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeeper, parseKeys, sqliteStore } from '@keyfob/keeper';
import type { Client, Keeper, KeeperOptions, LogEvent, Timing } from '@keyfob/keeper';
import { PLEOS, SMARTCAR, clientOf, defineProvider } from '@keyfob/keeper/providers';
import type { Provider } from '@keyfob/keeper/providers';
import { createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { JournalEntry, Sandbox, World } from '@keyfob/sandbox';
import type { Scope } from '../support/test-directory.ts';

/** The keys of every keeper in these trials. */
export const KEYS = parseKeys([Buffer.alloc(32, 7).toString('base64url')]);

/** A tenth of a second for a second: the order of all waiting times stays as in production. */
export const FAST: Timing = {
  leaseMs: 1200,
  scanMs: 100,
  sendAgainAtMs: [400, 900, 1600],
  overlapMarginMs: 500,
  holdBackMs: 150,
  backoffMs: 50,
  backoffMaxMs: 1000,
  suspectMs: 200,
  suspectMaxMs: 1500,
  canaryMs: 300,
  outageAfterMs: 1000,
  outageMs: 300,
  outageMaxMs: 2000,
  callerWaitMs: 10_000,
  storeSettleMs: 300,
  minValidMs: 30_000,
};

/** The kinds of providers: what a used token is good for. Each is a client of the sandbox. */
export const KINDS = {
  pleos: { client: 'pleos', repeats: { kind: 'once' } },
  smartcar: { client: 'smartcar', repeats: { kind: 'overlap', seconds: 20 } },
  'smartcar-strict': { client: 'smartcar-strict', repeats: { kind: 'once' } },
  'smartcar-until-used': { client: 'smartcar-until-used', repeats: { kind: 'free' } },
} as const satisfies Record<string, { client: string; repeats: Provider['repeats'] }>;
export type Kind = keyof typeof KINDS;

/** How long an exchange may take in these trials. */
export const EXCHANGE_SECONDS = 4;

/** A keeper's client as plain data, so that another process can make it. */
export type ClientData = {
  readonly profile: 'smartcar' | 'pleos' | 'oauth';
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly repeats: Provider['repeats'];
  readonly exchangeSeconds?: number;
};

const PROFILES = {
  smartcar: SMARTCAR,
  pleos: PLEOS,
  oauth: defineProvider({ name: 'oauth', url: 'https://any.example/token' }),
};

/** The client of a description. */
export const clientOfData = (data: ClientData): Client => {
  const { profile, origin, clientId, clientSecret, repeats, exchangeSeconds = EXCHANGE_SECONDS } = data;
  const differences = { repeats, exchangeSeconds };
  return clientOf(PROFILES[profile], { clientId, clientSecret, origin, differences, perSecondMax: 1000 });
};

/** A keeper's client for a kind, at the token endpoints under `url`. */
export const clientFor = (
  kind: Kind,
  origin: string,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
): Client =>
  clientOfData({
    profile: kind === 'pleos' ? 'pleos' : 'smartcar',
    repeats: KINDS[kind].repeats,
    origin,
    clientId,
    clientSecret,
  });

/** A world and one keeper that holds one car of it. */
export type KeptWorld = {
  readonly sandbox: Sandbox;
  readonly world: World;
  readonly keeper: Keeper;
  readonly kind: Kind;
  readonly log: readonly LogEvent[];
  /** The events that listeners got. */
  readonly events: { readonly kind: string; readonly connections: readonly string[] }[];
  /** Puts a grant of the world under a name. Its access token has ended, so the next question refreshes. */
  putCar(name: string): Promise<string>;
  /** The token requests of the world, in order. */
  requests(): readonly JournalEntry[];
  /** Another keeper on the same store. */
  openAnother(options?: Partial<KeeperOptions>): Promise<Keeper>;
};

/** Starts a sandbox with one world, and a keeper with short waiting times. All is closed when the test ends. */
export const keptWorldFor = async (
  scope: Scope,
  kind: Kind,
  options: Partial<KeeperOptions> = {},
): Promise<KeptWorld> => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld();
  const directory = mkdtempSync(join(tmpdir(), 'keeper-'));
  const credentials = world.clients.find(KINDS[kind].client);
  if (credentials === undefined) throw new Error(`no client ${kind}`);
  const log: LogEvent[] = [];
  const events: KeptWorld['events'] = [];
  const keepers: Keeper[] = [];
  const openAnother = async (more: Partial<KeeperOptions> = {}): Promise<Keeper> => {
    const keeper = await openKeeper({
      store: sqliteStore(join(directory, 'keeper.db')),
      keys: KEYS,
      clients: { cars: clientFor(kind, world.url, credentials) },
      timing: FAST,
      log: (event) => log.push(event),
      ...options,
      ...more,
    });
    keepers.push(keeper);
    return keeper;
  };
  const keeper = await openAnother();
  keeper.on('*', ({ event, connections }) => void events.push({ kind: event.kind, connections }));
  scope.after(async () => {
    await Promise.all(keepers.map((one) => one.close({ waitMs: 3000 })));
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    sandbox,
    world,
    keeper,
    kind,
    log,
    events,
    openAnother,
    async putCar(name) {
      const created = await createGrantIn(world, { client: KINDS[kind].client });
      const tokens = { refreshToken: created.refreshToken };
      await keeper.put(name, 'cars', tokens, kind === 'pleos' ? { params: { brand: 'hyundai' } } : {});
      return created.refreshToken;
    },
    requests: () => world.journal.read({ endpoint: 'token' }).requests,
  };
};
