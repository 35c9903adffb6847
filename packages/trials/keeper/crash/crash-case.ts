import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeeper } from '@keyfob/keeper';
import type { Keeper } from '@keyfob/keeper';
import { FAST, KEYS, clientOfData } from '../kept-world.ts';
import { openCounterpart } from './counterpart.ts';
import type { Counterpart } from './counterpart.ts';
import { runFirst } from './first-process.ts';
import { judge, judgeResumed } from './judge.ts';
import type { CrashReport } from './judge.ts';
import type { CrashCase } from './matrix.ts';
import { letGo } from './place.ts';
import type { Place, Places, StoreFailure } from './place.ts';
import { storeOfData } from './store-data.ts';

/** Runs one case against a real server, and a real store. */
export const runCrashCase = async (wanted: CrashCase, places: Places): Promise<CrashReport> => {
  const scratch = mkdtempSync(join(tmpdir(), 'keeper-crash-'));
  const server = await openCounterpart(wanted.kind);
  const place = await places.open();
  const open = (isScheduling: boolean): Promise<Keeper> =>
    openKeeper({
      store: storeOfData(place.others),
      keys: KEYS,
      clients: { cars: clientOfData(server.client) },
      timing: FAST,
      isScheduling,
    });
  let second: Keeper | undefined;
  try {
    second = await open(wanted.second === 'standby');
    await second.put('car', 'cars', { refreshToken: await server.newGrant() }, { params: server.params });
    if (wanted.second === 'restart') await second.close();
    server.arm(wanted.fault);
    const first = await startFirst(wanted, place, { scratch, server });
    await place.heal();
    if (wanted.second === 'restart') second = await open(true);
    const report = await judge(wanted, server, second);
    const before = server.requests().length;
    first.resume();
    await first.ended;
    return await judgeResumed(wanted, server, second, { ...report, before });
  } finally {
    await second?.close({ waitMs: 1000 });
    await server.close();
    await place.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
};

const AT_STEP: ReadonlySet<StoreFailure> = new Set(['disk_full', 'killed_at_step']);

const startFirst = async (
  { at, signal, failure, failsAt }: CrashCase,
  place: Place,
  {
    scratch,
    server,
  }: {
    readonly scratch: string;
    readonly server: Counterpart;
  },
): ReturnType<typeof runFirst> => {
  const until = join(scratch, 'go-on');
  const onHeld = async (): Promise<void> => {
    await place.strike(failure);
    letGo(until);
  };
  place.arm(failure);
  const orders = {
    store: place.first,
    client: server.client,
    signal,
    at: at === 'sent' || at === 'never' ? undefined : at,
    hold: AT_STEP.has(failure) ? { at: failsAt, until } : undefined,
  };
  const isDue = at === 'sent' ? () => server.requests().length > 0 : undefined;
  const first = await runFirst(orders, { onHeld, ...(isDue === undefined ? {} : { isDue }) });
  // One that has stopped before it was held must not wait for good when it goes on.
  letGo(until);
  return first;
};
