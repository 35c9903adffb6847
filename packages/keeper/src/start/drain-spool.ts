import { isFirstPair, keepFirstPair } from '../connect/spooled-pair.ts';
import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Engine } from '../refresh/engine.ts';
import { keepStored, readStored } from '../refresh/keep.ts';
import { openPair } from '../refresh/pair.ts';
import { keepToRevoke } from '../refresh/revoke.ts';
import { storeSpooled } from '../refresh/spares.ts';
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
    await drainGrant(engine, grantId, answers);
    const grant = await engine.store.read(grantId);
    for (const answer of answers) if (grant === undefined || !isFor(grant, answer)) storedIds.add(answer.id);
  }
  engine.spool.clear(storedIds);
  return byGrant.size;
};

const drainGrant = async (
  engine: Engine,
  grantId: string,
  answers: readonly StoredAnswer[],
): Promise<void> => {
  const grant = await engine.store.read(grantId);
  const client = grant === undefined ? undefined : engine.clients.get(grant.client);
  if (grant === undefined || client === undefined) return;
  if (grant.state === 'closed') return keepToRevoke(engine, client, grant.id, answers);
  const fitting = answers.filter((answer) => isFor(grant, answer));
  if (fitting.length > 0) await keepStored(engine, grant, fitting);
  await keepSpares(
    { engine, client, grant },
    answers.filter(({ generation, epoch }) => epoch === grant.epoch && generation < grant.generation),
  );
};

/** Stores the answers to earlier tokens, each once: its attempt has an end then. A dead grant comes back with them. */
const keepSpares = async (
  { engine, client, grant }: { engine: Engine; client: Client; grant: Grant },
  answers: readonly StoredAnswer[],
): Promise<void> => {
  const taken = await storeSpooled(engine, grant.id, answers);
  const present = openPair(engine.keys, grant).refreshToken;
  const spares = taken.filter(
    (answer) => readStored(engine, client, answer)?.answer.pair.refreshToken !== present,
  );
  if (grant.state === 'dead' && spares.length > 0) await keepStored(engine, grant, spares);
};

/** Whether an answer is to the token that the row holds. One to an earlier token is a spare, and stored as such. */
const isFor = (grant: Grant, { generation, epoch }: StoredAnswer): boolean =>
  grant.state !== 'closed' && grant.generation === generation && grant.epoch === epoch;
