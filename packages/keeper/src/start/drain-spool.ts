import type { Engine } from '../refresh/engine.ts';
import { keepStored } from '../refresh/keep.ts';
import type { StoredAnswer } from '../stores/store.ts';

/** Takes what processes left in their spools into the store: before anything is sent. Returns how many answers that were. */
export const drainSpool = async (engine: Engine): Promise<number> => {
  const byGrant = new Map<string, StoredAnswer[]>();
  for (const answer of engine.spool.left())
    byGrant.set(answer.grantId, [...(byGrant.get(answer.grantId) ?? []), answer]);
  for (const [grantId, answers] of byGrant) {
    const grant = await engine.store.read(grantId);
    if (grant === undefined || !engine.clients.has(grant.client)) continue;
    const fitting = answers.filter(
      ({ generation, epoch }) => generation === grant.generation && epoch === grant.epoch,
    );
    if (fitting.length > 0) await keepStored(engine, grant, fitting);
  }
  engine.spool.clear();
  return byGrant.size;
};
