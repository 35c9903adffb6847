import { DEFAULT_TIMING } from '../grants/timing.ts';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import { oauth } from '../providers/vendors.ts';
import type { Exchange, Transport } from '../refresh/exchange.ts';
import type { KeeperOptions } from '../start/options.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Store, StoreOpener } from '../stores/store.ts';
import { systemClock } from '../time.ts';
import type { Clock } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';

/** Of the client `cars`. */
export const CREDENTIALS = { clientId: 'fleet', clientSecret: 'secret' };
/** A provider without an overlap. */
export const CARS = oauth({ ...CREDENTIALS, url: 'https://provider.example/token', perSecondMax: 1000 });
/** A ring of keys, each made of one byte. */
export const keysOf = (...bytes: number[]): ReturnType<typeof parseKeys> =>
  parseKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('base64url')));
/** Short waiting times. */
export const FAST = {
  ...DEFAULT_TIMING,
  scanMs: 20,
  backoffMs: 5,
  backoffMaxMs: 20,
  suspectMs: 10,
  suspectMaxMs: 200,
  canaryMs: 30,
};

/** An answer that arrives whole. */
export const answered = (status: number, body: unknown): Exchange => ({
  kind: 'answered',
  status,
  headers: {},
  body: JSON.stringify(body),
});
let made = 0;
/** A new pair. */
export const pair = (): Exchange => {
  made += 1;
  return answered(200, {
    access_token: `access-${made}`,
    refresh_token: `refresh-${made}`,
    expires_in: 3600,
  });
};

/** Opens a keeper in memory, whose provider answers as `respond` says. */
export const open = async (
  respond: (body: string, request: number) => Exchange | Promise<Exchange>,
  options: Partial<KeeperOptions> = {},
): Promise<{ readonly keeper: Keeper; readonly sent: string[]; readonly events: string[] }> => {
  const sent: string[] = [];
  const events: string[] = [];
  const transport: Transport = async ({ body }, { maySend }) => {
    if (!(await maySend())) return { kind: 'not_sent', why: 'lease_lost' };
    return respond(body, sent.push(body));
  };
  const keeper = await openKeeper({
    store: memoryStore(),
    keys: keysOf(1),
    clients: { cars: CARS },
    timing: FAST,
    transport,
    isScheduling: false,
    ...options,
  });
  keeper.on('*', ({ event }) => void events.push(event.kind));
  return { keeper, sent, events };
};

/** One store that several keepers open one after the other. */
export const sharedStore = async (clock: Clock = systemClock): Promise<StoreOpener> => {
  const store: Store = await memoryStore()(clock);
  return async () => ({ ...store, close: async () => undefined });
};

/** The real clock, whose wall is moved. */
export const moved = (byMs: () => number) => ({ ...systemClock, wallMs: () => Date.now() + byMs() });
