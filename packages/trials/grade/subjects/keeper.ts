/** `@keyfob/keeper`, as a graded command: `node keeper.ts smartcar`, or another dialect. Its store is all that it remembers. */
import { join } from 'node:path';
import {
  bmw,
  ford,
  hyundai,
  oauth,
  openKeeper,
  parseKeys,
  pleos,
  smartcar,
  sqliteStore,
  systemClock,
  tesla,
  volvo,
} from '@keyfob/keeper';
import type { Client, ClientOptions, Keeper } from '@keyfob/keeper';

/** The profile for each dialect. */
const PROFILES: Readonly<Record<string, (options: ClientOptions) => Client>> = {
  smartcar,
  pleos,
  ping: volvo,
  'azure-b2c': ford,
  tesla,
  ccapi: hyundai,
  forgerock: bmw,
};

const CALLER_WAIT_MS = 25_000;
const CLOSE_WAIT_MS = 20_000;

const { env } = process;
const nowMs = Number(env['KEYFOB_NOW'] ?? Date.now());
const options = {
  clientId: env['KEYFOB_CLIENT_ID'] ?? '',
  clientSecret: env['KEYFOB_CLIENT_SECRET'] ?? '',
  origin: env['KEYFOB_URL'] ?? '',
};
const profile = PROFILES[process.argv[2] ?? ''];
const open = (isOnlyCopy: boolean): Promise<Keeper> =>
  openKeeper({
    store: sqliteStore(join(env['KEYFOB_STATE'] ?? '.', 'keeper.db')),
    keys: parseKeys([Buffer.alloc(32, 1).toString('base64url')]),
    clients: {
      cars: profile?.(options) ?? oauth({ ...options, url: env['KEYFOB_TOKEN_URL'] ?? '' }),
    },
    isScheduling: false,
    isOnlyCopy,
    clock: { ...systemClock, wallMs: () => nowMs + Math.floor(performance.now()) },
  });
let keeper = await open(false);
if (keeper.quarantine() !== undefined) {
  // A store that was put back sends nothing until its operator says that it is the only one. In a grade it is.
  await keeper.close();
  keeper = await open(true);
}
if (env['KEYFOB_REFRESH_TOKEN'] !== undefined)
  await keeper.put(
    'car',
    'cars',
    {
      accessToken: env['KEYFOB_ACCESS_TOKEN'],
      refreshToken: env['KEYFOB_REFRESH_TOKEN'],
      // A clock that runs ahead sees it as expired already.
      expiresIn: Math.max(0, Number(env['KEYFOB_EXPIRES_AT']) - nowMs) / 1000,
    },
    process.argv[2] === 'pleos' ? { params: { brand: env['KEYFOB_BRAND'] ?? '' } } : {},
  );
const got = await keeper.tryToken('car', { waitMs: CALLER_WAIT_MS });
// An exchange may take a minute. One that is cut off here is in the store as sent, and the next call asks how it ended.
await keeper.close({ waitMs: CLOSE_WAIT_MS });
if (got.status === 'ok') console.log(got.accessToken);
else console.error(JSON.stringify(got));
process.exit({ ok: 0, unavailable: 75, needs_consent: 77 }[got.status]);
