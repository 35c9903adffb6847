/** `@keyfob/keeper`, as a graded command: `node keeper.ts smartcar`, or `pleos`. Its store is all that it remembers. */
import { join } from 'node:path';
import { openKeeper, parseKeys, pleos, smartcar, sqliteStore, systemClock } from '@keyfob/keeper';

const { env } = process;
const nowMs = Number(env['KEYFOB_NOW'] ?? Date.now());
const options = {
  clientId: env['KEYFOB_CLIENT_ID'] ?? '',
  clientSecret: env['KEYFOB_CLIENT_SECRET'] ?? '',
  origin: env['KEYFOB_URL'] ?? '',
};
const keeper = await openKeeper({
  store: sqliteStore(join(env['KEYFOB_STATE'] ?? '.', 'keeper.db')),
  keys: parseKeys([Buffer.alloc(32, 1).toString('base64url')]),
  clients: { cars: process.argv[2] === 'pleos' ? pleos(options) : smartcar(options) },
  isScheduling: false,
  clock: { ...systemClock, wallMs: () => nowMs + Math.floor(performance.now()) },
});
if (env['KEYFOB_REFRESH_TOKEN'] !== undefined)
  await keeper.put(
    'car',
    'cars',
    {
      accessToken: env['KEYFOB_ACCESS_TOKEN'],
      refreshToken: env['KEYFOB_REFRESH_TOKEN'],
      expiresIn: (Number(env['KEYFOB_EXPIRES_AT']) - nowMs) / 1000,
    },
    process.argv[2] === 'pleos' ? { params: { brand: env['KEYFOB_BRAND'] ?? '' } } : {},
  );
// The keeper's own timers do not keep a process alive, and this one has nothing else to do than to wait.
const alive = setInterval(() => {}, 1000);
const got = await keeper.tryToken('car', { waitMs: 45_000 });
await keeper.close();
clearInterval(alive);
if (got.status === 'ok') console.log(got.accessToken);
else console.error(JSON.stringify(got));
process.exitCode = { ok: 0, unavailable: 75, needs_consent: 77 }[got.status];
