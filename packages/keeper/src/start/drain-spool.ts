import type { Engine } from '../refresh/engine.ts';
import { keepStored, readStored } from '../refresh/keep.ts';
import { revokePairs } from '../refresh/revoke.ts';
import type { StoredAnswer } from '../stores/store.ts';

/** Takes what processes left in their spools into the store: before anything is sent. Returns how many answers that were. */
export const drainSpool = async (engine: Engine): Promise<number> => {
  const byGrant = new Map<string, StoredAnswer[]>();
  for (const answer of engine.spool.left())
    byGrant.set(answer.grantId, [...(byGrant.get(answer.grantId) ?? []), answer]);
  for (const [grantId, answers] of byGrant) {
    const grant = await engine.store.read(grantId);
    const client = grant === undefined ? undefined : engine.clients.get(grant.client);
    if (grant === undefined || client === undefined) continue;
    if (grant.state === 'closed') {
      const successes = answers.map((answer) => readStored(engine, client, answer));
      revokePairs(
        engine,
        client,
        grant,
        successes.flatMap((one) => one?.answer.pair ?? []),
      );
      continue;
    }
    const fitting = answers.filter(
      ({ generation, epoch }) => generation === grant.generation && epoch === grant.epoch,
    );
    if (fitting.length > 0) await keepStored(engine, grant, fitting);
  }
  engine.spool.clear();
  return byGrant.size;
};
