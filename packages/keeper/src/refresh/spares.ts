import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Send } from './converse.ts';
import { endsOf } from './ends.ts';
import type { Engine } from './engine.ts';
import { keepPair, readStored } from './keep.ts';
import type { Success } from './keep.ts';
import { openPair } from './pair.ts';
import type { Refreshed } from './refreshed.ts';
import { reportRecovered } from './report.ts';
import type { StoredAnswer } from '../stores/store.ts';

/**
 * So many pairs of other sends are tried before a grant is given up, the newest ones. A send brings one more only where its answer was
 * late, and hundreds of requests with dead tokens would look like an attack.
 */
const SPARES_MAX = 20;

/**
 * A pair that another send brought, of this token or of any before it: where several answers came, the wrong one may have
 * been taken. Each is tried once before the grant is given up, the one that came last first.
 */
export const useSpare = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
): Promise<Refreshed | undefined> => {
  const refused = openPair(engine.keys, grant).refreshToken;
  const isOfGrant = ({ generation, epoch }: StoredAnswer): boolean =>
    generation <= grant.generation && epoch === grant.epoch;
  // The spool may be that of a process of this machine that has ended, or cannot reach the store.
  const spooled = engine.spool.left().filter((one) => one.grantId === grant.id && isOfGrant(one));
  await storeSpooled(engine, grant.id, spooled);
  const stored = (await engine.store.readAnswers(grant.id)).filter(isOfGrant);
  const readable = stored.map((one) => readStored(engine, client, one)).filter((one) => one !== undefined);
  const newest = new Map<string, Success>();
  for (const one of readable.toReversed()) {
    const { refreshToken } = one.answer.pair;
    if (refreshToken === undefined || refreshToken === refused || newest.has(refreshToken)) continue;
    if (newest.size < SPARES_MAX) newest.set(refreshToken, one);
  }
  const [spare, ...left] = newest.values();
  if (spare === undefined) return undefined;
  const kept = new Set(left.map(({ id }) => id));
  const { grant: now } = await keepPair(engine, grant, spare, {
    ended: endsOf(sends),
    spares: [],
    drop: readable.map(({ id }) => id).filter((id) => !kept.has(id)),
  });
  reportRecovered(engine, grant, 'spare');
  return { kind: 'refreshed', grant: now, reason: 'spare' };
};

/**
 * Takes the answers of a spool beside their row, each once: its attempt has an end then. Returns those that it took. Throws
 * `StoreError`.
 */
export const storeSpooled = async (
  { store }: Engine,
  grantId: string,
  answers: readonly StoredAnswer[],
): Promise<readonly StoredAnswer[]> => {
  const taken: StoredAnswer[] = [];
  for (const answer of answers) {
    const { id, sentAtMs, receivedAtMs } = answer;
    const near = await store.attempts(grantId, ATTEMPTS_NEAR, sentAtMs + 1);
    if (near.find((one) => one.id === id)?.outcome !== undefined) continue;
    const tookMs = receivedAtMs - sentAtMs;
    await store.noteEnds(
      [{ id, outcome: 'usable', status: undefined, requestId: undefined, tookMs }],
      answer,
    );
    taken.push(answer);
  }
  return taken;
};

/** Sends of one grant in one moment. */
const ATTEMPTS_NEAR = 20;
