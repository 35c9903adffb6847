import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeeper, parseKeys, pleos, smartcar, sqliteStore, systemClock, volvo } from '@keyfob/keeper';
import type { Client, Keeper, Timing } from '@keyfob/keeper';
import { createServiceKey, serve } from '@keyfob/keeper/service';
import { armFault, createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { createPrng } from '../support/prng.ts';

/** A service whose store has something of every kind. */
export type LivelyKeeper = {
  readonly url: string;
  readonly keeper: Keeper;
  /** The password of its status page. */
  readonly password: string;
  /** Refresh tokens that it holds: none may be on a page. */
  readonly tokens: readonly string[];
  close(): Promise<void>;
};

const DAY_MS = 86_400_000;
/** Waiting times that are over at once, but for those that keep a connection in trouble. */
const TIMING: Partial<Timing> = {
  backoffMs: 10_000,
  suspectMs: 60_000,
  canaryMs: 240_000,
  sendAgainAtMs: [],
};

/** Starts a sandbox and a keeper with its service. `nowMs` sets the keeper's clock: for a picture that is always the same. */
export const openLivelyKeeper = async ({
  nowMs = Date.now(),
  cars = 300,
  port = 0,
}: {
  readonly nowMs?: number;
  readonly cars?: number;
  readonly port?: number;
} = {}): Promise<LivelyKeeper> => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld({ seed: 'status-page', clock: new Date(nowMs).toISOString() });
  const directory = mkdtempSync(join(tmpdir(), 'keeper-page-'));
  const aheadMs = nowMs - Date.now();
  const keeper = await openKeeper({
    store: sqliteStore(join(directory, 'keeper.db')),
    keys: parseKeys([Buffer.alloc(32, 7).toString('base64url')]),
    clients: clientsOf(world),
    clock: { ...systemClock, wallMs: () => Date.now() + aheadMs },
    timing: TIMING,
    isScheduling: false,
  });
  const reconnectUrl = 'https://app.example/connect/{name}';
  const service = await serve(keeper, { port, reconnectUrl });
  const tokens = await makeTrouble(world, keeper);
  await putCars(keeper, nowMs, cars);
  const { key } = await createServiceKey(keeper, { name: 'page', scopes: ['grants:read'] });
  return {
    url: service.url,
    keeper,
    password: key,
    tokens,
    async close() {
      await service.close({ requestsMs: 1000, exchangesMs: 1000 });
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const clientsOf = (world: World): Readonly<Record<string, Client>> => {
  const credentials = (name: string): { clientId: string; clientSecret: string; origin: string } => {
    const { clientId = '', clientSecret = '' } = world.clients.find(name) ?? {};
    return { clientId, clientSecret, origin: world.url };
  };
  return {
    smartcar: smartcar(credentials('smartcar')),
    pleos: pleos(credentials('pleos')),
    volvo: volvo({ ...credentials('oauth'), url: `${world.url}/oauth/token`, clientSecret: 'wrong' }),
  };
};

/** One car in every kind of trouble, and some that are well. */
const makeTrouble = async (world: World, keeper: Keeper): Promise<readonly string[]> => {
  const put = async (name: string, client: 'smartcar' | 'pleos'): Promise<string> => {
    const { accessToken, refreshToken } = await createGrantIn(world, { client });
    const params = client === 'pleos' ? { params: { brand: 'hyundai' } } : {};
    await keeper.put(name, client, { accessToken, refreshToken }, params);
    return refreshToken;
  };
  const tokens: string[] = [];
  for (const [at, client] of (['smartcar', 'pleos', 'smartcar', 'smartcar', 'pleos'] as const).entries()) {
    tokens.push(await put(`vin:KMHKM81A0RU1042${at}0`, client));
    await keeper.refresh(`vin:KMHKM81A0RU1042${at}0`);
  }
  tokens.push(await put('vin:5YJ3E1EA7KF317000', 'smartcar'));
  armFault(world, { do: { status: 400, body: '{"error":"invalid_grant"}' } });
  await keeper.refresh('vin:5YJ3E1EA7KF317000');
  tokens.push(await put('vin:WBA3A5C51CF256651', 'pleos'));
  armFault(world, { do: { status: 503, bodyName: 'nginx-503' } });
  await keeper.refresh('vin:WBA3A5C51CF256651');
  tokens.push(await put('vin:1FTEW1EP5JFA00001', 'pleos'));
  armFault(world, { do: { status: 400, body: '{"error":{"code":"5006"}}' } });
  await keeper.refresh('vin:1FTEW1EP5JFA00001');
  await keeper.put('vin:YV4A22PK0G1000001', 'volvo', { refreshToken: 'made-up' });
  armFault(world, { do: { status: 401, body: '{"error":"invalid_client"}' } });
  await keeper.refresh('vin:YV4A22PK0G1000001');
  return tokens;
};

/** Cars whose owners consented in the last weeks. */
const putCars = async (keeper: Keeper, nowMs: number, cars: number): Promise<void> => {
  const random = createPrng(7);
  const results = await keeper.putMany(
    Array.from({ length: cars }, (_, car) => {
      const client = random.real() < 0.6 ? 'smartcar' : 'pleos';
      const age = (client === 'smartcar' ? 29 : 44) * Math.sqrt(random.real()) * DAY_MS;
      return {
        name: `car-${car}`,
        client,
        tokens: { refreshToken: `made-up-${car}`, obtainedAtMs: Math.round(nowMs - age) },
        params: client === 'pleos' ? { brand: 'kia' } : {},
      };
    }),
  );
  const refused = results.find(({ status }) => status === 'refused');
  if (refused !== undefined) throw new Error(JSON.stringify(refused));
};
