import { startKeyfob } from '../../support/keyfob-process.ts';
import { createChance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { openCutProxy } from '../cut-proxy.ts';
import type { GrantLog } from '../../support/refresh-load/grant-driver.ts';
import { makeHome } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

const CUT_PROBABILITY = 1 / 6;
const OLD_TOKENS_PER_GRANT = 100;
/** Owners of lost grants consent again after each round. */
const CUTS_PER_ROUND = 10;

/**
 * A proxy truncates `count` answers in the middle of the body. The client has read the status of such an answer, so the
 * trial knows which `strict` grants without an `Idempotency-Key` must be lost.
 */
export const cutTrial: Trial = async ({ count, grants, seed, store, onProgress }) => {
  const chance = createChance(seed);
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  const load = await createLoad(home, CLIENT_KINDS, grants, chance.fork());
  const server = await startKeyfob({ ...home, args: ['--log-level', 'error'] });
  const proxy = await openCutProxy(Number(new URL(server.url).port), {
    probability: CUT_PROBABILITY,
    chance: chance.fork(),
  });
  try {
    load.start(proxy.port);
    while (proxy.cuts() < count) {
      const goal = Math.min(count, proxy.cuts() + CUTS_PER_ROUND);
      await load.until(() => proxy.cuts() >= goal);
      await load.renewLost();
      onProgress(goal, count);
    }
    proxy.stopCutting();
    await load.finish();
    await load.presentOld(OLD_TOKENS_PER_GRANT);
    const cut = load.logs.filter(isRotationCut);
    const faults = [
      ...cut.filter(({ isLost }) => !isLost).map(() => 'a strict grant survived a truncated answer'),
      ...load.logs
        .filter((log) => log.isLost && !isRotationCut(log))
        .map(() => 'a grant was lost although its answer was complete'),
    ];
    return reportOn(load.logs, { answersCut: proxy.cuts(), strictGrantsCut: cut.length }, faults);
  } finally {
    load.close();
    await proxy.close();
    await server.stop();
    await home.remove();
  }
};

/** Whether the answer with the successor was truncated, and the policy does not allow a repeat. */
const isRotationCut = ({ client, calls }: GrantLog): boolean =>
  client.kind.mayLoseGrants === true &&
  calls.some(({ outcome }) => outcome.kind === 'lost' && outcome.status === 200);
