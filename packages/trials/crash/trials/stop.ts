import { setTimeout as sleep } from 'node:timers/promises';
import { startKeyfob } from '../../support/keyfob-process.ts';
import { createChance } from '../../support/chance.ts';
import { STOP_CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { makeHome } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

/** Longer than the overlap of one second. A real server has no virtual clock, so the trial has to wait. */
const STOP_MS = 1400;

/** Pauses the server for longer than the overlap, `count` times, like the migration of a virtual machine. */
export const stopTrial: Trial = async ({ count, grants, seed, store, onProgress }) => {
  const chance = createChance(seed);
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  const load = await createLoad(home, STOP_CLIENT_KINDS, grants, chance.fork());
  const server = await startKeyfob({ ...home, args: ['--log-level', 'error'] });
  try {
    load.start(Number(new URL(server.url).port));
    for (let stop = 1; stop <= count; stop++) {
      await load.at(chance.pick(['sent', 'answered']), chance.integer(1, grants * 5));
      server.child.kill('SIGSTOP');
      await sleep(STOP_MS);
      server.child.kill('SIGCONT');
      await load.untilAllRefreshed();
      onProgress(stop, count);
    }
    await load.finish();
    await load.presentOld(0);
    const answeredAfterStop = load.logs
      .flatMap(({ calls }) => calls)
      .filter(
        ({ startMs, endMs, outcome }) => outcome.kind === 'answered' && endMs - startMs >= STOP_MS - 100,
      ).length;
    const faults = answeredAfterStop === 0 ? ['no request was in progress during a stop'] : [];
    return reportOn(load.logs, { stops: count, answeredAfterStop }, faults);
  } finally {
    load.close();
    server.child.kill('SIGCONT');
    await server.stop();
    await home.remove();
  }
};
