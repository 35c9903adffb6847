import { isFirstPair, keepFirstPair } from '../connect/spooled-pair.ts';
import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Engine } from '../refresh/engine.ts';
import { keepStored } from '../refresh/keep.ts';
import { keepToRevoke } from '../refresh/revoke.ts';
import { storeSpooled, useSpare } from '../refresh/spares.ts';
import type { StoredAnswer } from '../stores/store.ts';

/**
 * Takes what processes left in their spools into the store: before anything is sent. What cannot be taken now stays in its file:
 * its client may be missing here only. Returns how many grants had answers.
 */
export const drainSpool = async (engine: Engine): Promise<number> => {
  const byGrant = new Map<string, StoredAnswer[]>();
  const storedIds = new Set<string>();
  const left = engine.spool.left();
  for (const first of left.filter(isFirstPair))
    if ((await keepFirstPair(engine, first)) !== undefined) storedIds.add(first.id);
  for (const answer of left.filter((one) => !isFirstPair(one)))
    byGrant.set(answer.grantId, [...(byGrant.get(answer.grantId) ?? []), answer]);
  for (const [grantId, answers] of byGrant) {
    if (!(await drainGrant(engine, grantId, answers))) continue;
    const grant = await engine.store.read(grantId);
    for (const answer of answers) if (grant === undefined || !isFor(grant, answer)) storedIds.add(answer.id);
  }
  engine.spool.clear(storedIds);
  return byGrant.size;
};

/** Returns whether something could be done with the answers: not where their client is missing here. */
const drainGrant = async (
  engine: Engine,
  grantId: string,
  answers: readonly StoredAnswer[],
): Promise<boolean> => {
  const grant = await engine.store.read(grantId);
  if (grant === undefined) return true;
  const client = engine.clients.get(grant.client);
  if (client === undefined) return false;
  if (grant.state === 'closed') {
    await keepToRevoke(engine, client, grant.id, answers);
    return true;
  }
  const fitting = answers.filter((answer) => isFor(grant, answer));
  const now = fitting.length > 0 ? await keepStored(engine, grant, fitting) : grant;
  await keepSpares(
    { engine, client, grant: now ?? grant },
    answers.filter(({ generation, epoch }) => epoch === grant.epoch && generation !== grant.generation),
  );
  return true;
};

/** Stores the answers to other tokens, each once: its attempt has an end then. A dead grant comes back with them. */
const keepSpares = async (
  { engine, client, grant }: { engine: Engine; client: Client; grant: Grant },
  answers: readonly StoredAnswer[],
): Promise<void> => {
  if (answers.length === 0) return;
  await storeSpooled(engine, grant.id, answers);
  // Also those that another start has stored, and ended before it used them.
  if (grant.state === 'dead') await useSpare(engine, client, grant, []);
};

/** Whether an answer is to the token that the row holds. One to an earlier token is a spare, and stored as such. */
const isFor = (grant: Grant, { generation, epoch }: StoredAnswer): boolean =>
  grant.state !== 'closed' && grant.generation === generation && grant.epoch === epoch;
