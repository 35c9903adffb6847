import { KeeperError, StoreError } from '../errors.ts';
import { keptStatus } from '../putting/put-result.ts';
import { preparePut } from '../putting/put.ts';
import type { Tokens } from '../putting/put.ts';
import type { Engine } from '../refresh/engine.ts';
import { openAnswer, sealAnswer } from '../refresh/pair.ts';
import type { StoredAnswer } from '../stores/store.ts';
import type { Ticket } from './ticket.ts';

/** The first pair of a connection, and what a put of it needs. */
type FirstPair = Pick<Ticket, 'name' | 'client' | 'params'> & {
  readonly tokens: Tokens;
  /** The digest of the consent that brought it, in hexadecimal. */
  readonly consent?: string;
};

/** No row has this generation: the pair belongs to none yet. */
const NO_ROW = 0;

/** Whether an answer of a spool is the first pair of a connection. */
export const isFirstPair = ({ generation }: StoredAnswer): boolean => generation === NO_ROW;

/** Writes a pair that the store refuses to the spool, encrypted. Returns its id there; `undefined` where that fails too. */
export const spoolFirstPair = (
  engine: Engine,
  { name, client, params }: Ticket,
  tokens: Tokens,
  consent: Uint8Array,
): string | undefined => {
  const id = engine.newId();
  const nowMs = engine.store.nowMs();
  const first = { name, client, params, tokens, consent: Buffer.from(consent).toString('hex') };
  const body = JSON.stringify(first satisfies FirstPair);
  const answer = { id, body, sentAtMs: tokens.obtainedAtMs ?? nowMs, receivedAtMs: nowMs };
  let isOnDisk = true;
  try {
    engine.spool.write(sealAnswer(engine.keys, { id, generation: NO_ROW, epoch: NO_ROW }, answer));
  } catch {
    isOnDisk = false;
  }
  engine.log({ event: 'answer.spooled', grantId: id, isOnDisk, reason: 'connect' });
  return isOnDisk ? id : undefined;
};

/**
 * Takes a first pair of a spool into the store. One that the connection got later stays. Returns the name of the connection where the spool can
 * forget it: not where its client is missing here.
 */
export const keepFirstPair = async (engine: Engine, stored: StoredAnswer): Promise<string | undefined> => {
  const { name, client, params, tokens, consent } = JSON.parse(openAnswer(engine.keys, stored)) as FirstPair;
  if (!engine.clients.has(client)) return undefined;
  try {
    const put = {
      ...preparePut(engine, name, client, tokens, { params, isAsCame: true }),
      issuedAtMs: stored.sentAtMs,
      ...(consent === undefined ? {} : { consent: Buffer.from(consent, 'hex') }),
    };
    await keptStatus(engine, put, await engine.store.put(put));
  } catch (error) {
    // Another connection has it.
    if (!(error instanceof KeeperError)) throw error;
    if (error.code === 'grant_inflight' || error.code === 'key_unknown') return undefined;
  }
  return name;
};

/** Offers the first pairs of this process's spool to the store: an owner may never load the page again. */
export const offerFirstPairs = async (engine: Engine, onPut: (name: string) => void): Promise<void> => {
  try {
    for (const first of engine.spool.own().filter(isFirstPair)) {
      const name = await keepFirstPair(engine, first);
      if (name === undefined) continue;
      engine.spool.remove(first.id);
      onPut(name);
      engine.log({ event: 'answer.saved_late', grantId: first.grantId });
    }
  } catch (error) {
    // The store is still away: the next turn offers them again.
    if (!(error instanceof StoreError)) throw error;
  }
};
