import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oauth, openKeeper, pleos, smartcar, sqliteStore } from '@keyfob/keeper';
import type { Client, Keeper, KeeperOptions, LogEvent } from '@keyfob/keeper';
import { startSandboxServer } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import type { Scope } from '../../support/test-directory.ts';
import { FAST, KEYS } from '../kept-world.ts';

/** A world whose owners consent at once, and a keeper with a client for each dialect. */
export type ConnectWorld = {
  readonly world: World;
  readonly keeper: Keeper;
  readonly clients: KeeperOptions['clients'];
  readonly log: readonly LogEvent[];
};

/** The dialects of the sandbox, with what their connections need. */
export const DIALECTS = {
  smartcar: { scope: ['read_vehicle_info', 'read_odometer'], params: {} },
  pleos: { scope: [], params: { brand: 'hyundai' } },
  oauth: { scope: ['read_odometer'], params: {} },
} as const;
export type DialectName = keyof typeof DIALECTS;

/** Opens both. They are closed when the test ends. */
export const connectWorldFor = async (
  scope: Scope,
  options: Partial<KeeperOptions> = {},
): Promise<ConnectWorld> => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld({ autoConsent: true });
  const directory = mkdtempSync(join(tmpdir(), 'keeper-connect-'));
  const log: LogEvent[] = [];
  const clients = {
    smartcar: clientIn(world, 'smartcar'),
    pleos: clientIn(world, 'pleos'),
    oauth: clientIn(world, 'oauth'),
  };
  const keeper = await openKeeper({
    store: sqliteStore(join(directory, 'keeper.db')),
    keys: KEYS,
    clients,
    timing: FAST,
    log: (event) => log.push(event),
    ...options,
  });
  scope.after(async () => {
    await keeper.close({ waitMs: 3000 });
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { world, keeper, clients, log };
};

const clientIn = ({ url, clients }: World, dialect: DialectName): Client => {
  const { clientId = '', clientSecret = '' } = clients.find(dialect) ?? {};
  const options = { clientId, clientSecret, origin: url };
  if (dialect === 'smartcar') return smartcar(options);
  if (dialect === 'pleos') return pleos(options);
  const differences = { consent: { url: `${url}/authorize`, pkce: true } };
  return oauth({ clientId, clientSecret, url: `${url}/token`, differences });
};
