import { KeeperError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Engine } from './engine.ts';
import { keepPair, readStored } from './keep.ts';
import type { Success } from './keep.ts';
import { wasSent } from './was-sent.ts';
import { openPair } from './pair.ts';
import type { Refreshed } from './refreshed.ts';
import { reportRecovered } from './report.ts';
import type { AttemptEnd, StoredAnswer } from '../stores/store.ts';

/**
 * So many pairs of other sends are tried before a grant is given up, the newest ones. A send brings one more only where its answer was
 * late, and hundreds of requests with dead tokens would look like an attack.
 */
const SPARES_MAX = 20;

/**
 * A pair that another send brought, of this token or of any before it: where several answers came, the wrong one may have
 * been taken. Each is tried once before the grant is given up, the one that came last first. `ended` is how the sends of the
 * refused token ended. Throws `StoreError`, and `KeeperError` where all that is left is an answer that no key opens.
 */
export const useSpare = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  ended: readonly AttemptEnd[],
): Promise<Refreshed | undefined> => {
  // The spool may be that of a process of this machine that has ended, or cannot reach the store.
  const spooled = engine.spool.left().filter((one) => one.grantId === grant.id && one.epoch === grant.epoch);
  await storeSpooled(engine, grant.id, spooled);
  const { spares, unneeded } = await readSpares(engine, client, grant);
  const [spare] = spares;
  if (spare === undefined) return undefined;
  const drop = [...unneeded, spare.id];
  const { grant: now, waits } = await keepPair(engine, grant, spare, { ended, spares: [], drop });
  if (waits === true) return { kind: 'busy', grant: now, reason: 'refreshing' };
  reportRecovered(engine, grant, 'spare');
  return { kind: 'refreshed', grant: now, reason: 'spare' };
};

/** So many dead grants are looked at in one read. */
const DEAD_AT_ONCE = 100;

/**
 * Brings back dead grants that have a pair nobody tried: a process kept it beside its row, and ended before it used it.
 * Throws `StoreError`.
 */
export const useSparesOfDead = async (engine: Engine): Promise<void> => {
  for (let afterId: string | undefined = ''; afterId !== undefined;) {
    const dead: readonly Grant[] = await engine.store.listDeadWithAnswers(afterId, DEAD_AT_ONCE);
    for (const grant of dead) await tryToUseSpare(engine, grant);
    afterId = dead.length < DEAD_AT_ONCE ? undefined : dead.at(-1)?.id;
  }
};

const tryToUseSpare = async (engine: Engine, grant: Grant): Promise<void> => {
  const client = engine.clients.get(grant.client);
  if (client === undefined) return;
  try {
    await useSpare(engine, client, grant, []);
  } catch (error) {
    // No key opens what is left, here.
    if (!(error instanceof KeeperError)) throw error;
  }
};

/**
 * The pairs beside a row that may live, the one that came last first, and the ids of the other answers that can be read. A token that was
 * sent is none of them: it was used, or refused. A store that was restored has lost generations, so one may be ahead of its row.
 */
const readSpares = async (
  engine: Engine,
  client: Client,
  grant: Grant,
): Promise<{ readonly spares: readonly Success[]; readonly unneeded: readonly string[] }> => {
  const { store, keys } = engine;
  const refused = openPair(keys, grant).refreshToken;
  const stored = (await store.readAnswers(grant.id)).filter(({ epoch }) => epoch === grant.epoch);
  const { readable, unopened } = openAll(engine, client, stored);
  const newest = new Map<string, Success>();
  for (const one of readable.toReversed()) {
    const { refreshToken } = one.answer.pair;
    if (refreshToken === undefined || refreshToken === refused || newest.has(refreshToken)) continue;
    if (newest.size >= SPARES_MAX) break;
    if (!(await wasSent(engine, grant, refreshToken))) newest.set(refreshToken, one);
  }
  // It may be the one that lives, and its key be missing here only.
  if (newest.size === 0 && unopened !== undefined) throw unopened;
  const spares = [...newest.values()];
  const ids = new Set(spares.map(({ id }) => id));
  return { spares, unneeded: readable.map(({ id }) => id).filter((id) => !ids.has(id)) };
};

/** The answers that can be read, and why another one cannot be opened: it keeps none of the others from being tried. */
const openAll = (
  engine: Engine,
  client: Client,
  stored: readonly StoredAnswer[],
): { readonly readable: readonly Success[]; readonly unopened: KeeperError | undefined } => {
  const readable: Success[] = [];
  let unopened: KeeperError | undefined;
  for (const one of stored)
    try {
      const success = readStored(engine, client, one);
      if (success !== undefined) readable.push(success);
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      unopened = error;
    }
  return { readable, unopened };
};

/** Takes the answers of a spool beside their row, each once: its attempt has an end then. Throws `StoreError`. */
export const storeSpooled = async (
  { store }: Engine,
  grantId: string,
  answers: readonly StoredAnswer[],
): Promise<void> => {
  for (const answer of answers) {
    const { id, sentAtMs, receivedAtMs } = answer;
    const near = await store.attempts(grantId, ATTEMPTS_NEAR, sentAtMs + 1);
    if (near.find((one) => one.id === id)?.outcome !== undefined) continue;
    const tookMs = receivedAtMs - sentAtMs;
    await store.noteEnds(
      [{ id, outcome: 'usable', status: undefined, requestId: undefined, tookMs }],
      answer,
    );
  }
};

/** Sends of one grant in one moment. */
const ATTEMPTS_NEAR = 20;
