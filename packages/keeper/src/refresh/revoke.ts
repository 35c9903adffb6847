import { KeeperError, StoreError } from '../errors.ts';
import { blockedUntil } from '../grants/client-facts.ts';
import type { Grant } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import type { Revocation, Revoking } from '../stores/revocations.ts';
import type { StoredAnswer } from '../stores/store.ts';
import { seconds, sleep } from '../time.ts';
import type { Millis } from '../time.ts';
import type { Budget } from './budget.ts';
import type { Engine } from './engine.ts';
import { openAnswer, openPair } from './pair.ts';
import { readAnswer } from './read-answer.ts';
import { writeRevocation } from './write-request.ts';

/**
 * How the pair of a closed grant ended at its provider.
 *
 * - `revoked`: the provider has ended it (RFC 7009).
 * - `pending`: it is tried again, for some days.
 * - `refused`: the provider does not want to, or it was tried too often.
 * - `not_offered`: there is nothing to revoke, or the provider has no endpoint for it.
 */
export type RevocationResult = 'revoked' | 'pending' | 'refused' | 'not_offered';

const PAUSE_MS = 60_000;
const PAUSE_MAX_MS = 12 * 3_600_000;
/** With their pauses, about four days. */
const TRIES_MAX = 12;
/** Of each client in a turn. What refreshes is more urgent. */
const TAKEN_AT_ONCE = 5;
/** A try of another process is not followed earlier. */
const HOLD_LEASES = 3;

/** A process that tries has so long until another one does. */
const holdMsOf = ({ timing }: Engine): Millis => timing.leaseMs * HOLD_LEASES;

const isOffered = ({ provider }: Client): boolean => provider.revocationUrl !== undefined;

/** What closing a grant makes due. Another node may offer what this one does not: each takes what it can do. */
export const revokingOf = (engine: Engine): Revoking => ({
  clients: [...engine.clients].filter(([, client]) => isOffered(client)).map(([name]) => name),
  holdMs: holdMsOf(engine),
});

/** One try for one closed grant: its pair, and all answers that came for it later. Never rejects for an outage of the store. */
export const revokeGrant = async (
  engine: Engine,
  budget: Budget,
  { grant, tries, name }: Pick<Revocation, 'grant' | 'tries' | 'name'>,
  isWanted: boolean,
): Promise<RevocationResult> => {
  const { store, book, clients, log } = engine;
  const client = clients.get(grant.client);
  if (client === undefined || !isOffered(client)) {
    log({ event: 'pair.revoked', grantId: grant.id, isRevoked: false, outcome: 'not_offered' });
    return 'not_offered';
  }
  try {
    const answers = await store.readAnswers(grant.id);
    const drop = answers.map(({ id }) => id);
    const end = async (result: 'revoked' | 'refused' | 'not_offered', outcome: string) => {
      const event = { kind: 'revocation_ended', connection: name, result, outcome } as const;
      await store.noteRevocation(grant.id, { tries, nextAtMs: undefined, drop, event });
      log({ event: 'pair.revoked', grantId: grant.id, isRevoked: result === 'revoked', outcome });
      return result;
    };
    const tokens = tokensOf(engine, client, grant, answers);
    if (tokens.length === 0) return await end('not_offered', 'not_offered');
    const wait = async (nextAtMs: Millis, tried: number): Promise<RevocationResult> => {
      await store.noteRevocation(grant.id, { tries: tried, nextAtMs, drop: [] });
      return 'pending';
    };
    const blockedMs = blockedUntil(book.facts(grant.client), store.nowMs());
    if (blockedMs !== undefined) return await wait(blockedMs, tries);
    const sent = await budget.run(grant.client, isWanted, () => revokeTokens(engine, client, grant, tokens));
    if (sent.result !== 'pending') return await end(sent.result, sent.outcome);
    if (tries + 1 >= TRIES_MAX) return await end('refused', 'given_up');
    return await wait(store.nowMs() + pauseAfter(tries), tries + 1);
  } catch (error) {
    const isStore = error instanceof StoreError;
    if (!isStore && !(error instanceof KeeperError)) throw error;
    // A key may be missing here only. The row is due again when its hold is over.
    if (isStore) log({ event: 'store.failed', during: 'revocation', reason: error.message });
    else log({ event: 'refresh.failed', grantId: grant.id, reason: error.code });
    return 'pending';
  }
};

/** One try at once, for a caller who waits as long as for a token, or until the keeper is closed. It goes on afterwards. */
export const revokeWithin = async (
  engine: Engine,
  budget: Budget,
  closed: Pick<Revocation, 'grant' | 'name'>,
): Promise<RevocationResult> => {
  const revoking = revokeGrant(engine, budget, { ...closed, tries: 0 }, true);
  engine.unsaved.track(revoking.then(() => undefined));
  const done = new AbortController();
  const stop = AbortSignal.any([done.signal, engine.unsaved.givenUp]);
  const waiting = sleep(engine.clock, engine.timing.callerWaitMs, stop);
  try {
    return await Promise.race([revoking, waiting.then(() => 'pending' as const)]);
  } finally {
    done.abort();
  }
};

/** The pause after so many tries: a minute, four times as long each time, half a day at most. */
const pauseAfter = (tries: number): Millis => Math.min(PAUSE_MAX_MS, PAUSE_MS * 4 ** tries);

const tokensOf = (
  { keys, store }: Engine,
  { provider }: Client,
  grant: Grant,
  answers: readonly StoredAnswer[],
): readonly string[] => {
  const pairs = answers.map((stored) => {
    const exchange = { kind: 'answered', status: 200, headers: {}, body: openAnswer(keys, stored) } as const;
    return readAnswer(provider, exchange, store.nowMs()).pair;
  });
  const tokens = [openPair(keys, grant), ...pairs].flatMap((pair) => pair?.refreshToken ?? []);
  return [...new Set(tokens)];
};

type Sent = { readonly result: 'revoked' | 'refused' | 'pending'; readonly outcome: string };

/** All of them; the worst result counts. What is not sent before the keeper is closed is left to the next one. */
const revokeTokens = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  tokens: readonly string[],
): Promise<Sent> => {
  const sent: Sent[] = [];
  for (const token of tokens) {
    if (engine.unsaved.isGivenUp()) return { result: 'pending', outcome: 'keeper_closed' };
    sent.push(await revokeToken(engine, client, grant, token));
  }
  const worst = (['pending', 'refused'] as const).map((result) => sent.find((one) => one.result === result));
  return worst.find((one) => one !== undefined) ?? sent[0] ?? { result: 'revoked', outcome: 'none' };
};

const revokeToken = async (engine: Engine, client: Client, grant: Grant, token: string): Promise<Sent> => {
  const { clock, transport } = engine;
  let last: Sent = { result: 'pending', outcome: 'no_secret' };
  for (const secret of engine.book.secrets(grant.client)) {
    const request = writeRevocation(client, secret, grant.params, token);
    if (request === undefined) return { result: 'refused', outcome: 'not_offered' };
    const deadlineMs = seconds(client.provider.exchangeSeconds);
    const exchange = await transport(request, { deadlineMs, clock, maySend: () => true });
    if (exchange.kind !== 'answered') return { result: 'pending', outcome: exchange.why };
    const { status } = exchange;
    last = { result: resultOf(status), outcome: `http_${status}` };
    // During a change of secrets the next one may be the right one.
    if (status !== 401) return last;
  }
  return last;
};

/** A client that is refused may be corrected within days; a token that is not known is revoked (RFC 7009 §2.2). */
const resultOf = (status: number): Sent['result'] => {
  if (status >= 200 && status < 300) return 'revoked';
  return status >= 500 || status === 401 || status === 408 || status === 429 ? 'pending' : 'refused';
};

/** Keeps pairs that came for a connection which was closed meanwhile, until the schedule has revoked them. */
export const keepToRevoke = async (
  { store, log }: Engine,
  client: Client,
  grantId: string,
  answers: readonly StoredAnswer[],
): Promise<void> => {
  if (!isOffered(client))
    return log({ event: 'pair.revoked', grantId, isRevoked: false, outcome: 'not_offered' });
  await store.keepToRevoke(grantId, answers);
};

/** Starts the revocations that are due, as far as the budget of each client goes. */
export const revokeDue = async (engine: Engine, budget: Budget): Promise<void> => {
  const { store, book, unsaved } = engine;
  for (const client of revokingOf(engine).clients) {
    const limit = Math.min(TAKEN_AT_ONCE, budget.room(client));
    if (limit < 1 || blockedUntil(book.facts(client), store.nowMs()) !== undefined) continue;
    const due = await store.takeRevocations({ client, limit, holdMs: holdMsOf(engine) });
    for (const one of due) unsaved.track(revokeGrant(engine, budget, one, false).then(() => undefined));
  }
};
