import { join } from 'node:path';
import { openKeeper, parseKeys, pleos, smartcar, sqliteStore } from '@keyfob/keeper';
import type { Keeper, KeeperOptions, PutRow } from '@keyfob/keeper';
import type { Plan } from './plan.ts';

const KEYS = parseKeys([Buffer.alloc(32, 5).toString('base64url')]);
const DAY_MS = 86_400_000;

/** The default budget of a client, and what it may start at once: three seconds of it, and ten for callers. */
export const PER_SECOND = 5;
export const BURST = PER_SECOND * 13;
export const FILE = 'keeper.db';

const CREDENTIALS = { clientId: 'fleet', clientSecret: 'secret', perSecondMax: PER_SECOND };

/** Opens the keeper of the fleet. */
export const openFleet = (plan: Plan, options: Partial<KeeperOptions>): Promise<Keeper> =>
  openKeeper({
    store: sqliteStore(join(plan.directory, FILE)),
    keys: KEYS,
    clients: { hot: smartcar(CREDENTIALS), sc: smartcar(CREDENTIALS), pl: pleos(CREDENTIALS) },
    ...options,
  });

/** The names of the cars that somebody asks for: the first ones. */
export const hotName = (car: number): string => `hot:${String(car).padStart(8, '0')}`;

/** A car of the fleet. Its age is spread, as in a fleet that has grown. */
export const rowOf = (plan: Plan, car: number, nowMs: number): PutRow => {
  const tokens = {
    accessToken: `access-${car}-`.padEnd(36, 'x'),
    refreshToken: `refresh-${car}-0-`.padEnd(36, 'x'),
    expiresIn: 7200,
  };
  // A multiple of the golden ratio spreads evenly, in any order.
  const share = (car * 0.618_033_988_75) % 1;
  if (car < plan.hot)
    return {
      name: hotName(car),
      client: 'hot',
      tokens: { ...tokens, obtainedAtMs: nowMs - share * 4_600_000 },
    };
  const obtainedAtMs = nowMs - share * 25 * DAY_MS;
  if (car % 2 === 0) return { name: `vin:${car}`, client: 'sc', tokens: { ...tokens, obtainedAtMs } };
  return { name: `vin:${car}`, client: 'pl', tokens: { ...tokens, obtainedAtMs }, params: { brand: 'kia' } };
};
