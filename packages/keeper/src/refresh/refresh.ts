import { decideFailure, pauseAskedFor, rulingOf } from '../grants/decide.ts';
import { MEANINGS } from '../grants/answer-class.ts';
import { StoreError } from '../errors.ts';
import { blockedReason, blockedUntil, pausedUntil } from '../grants/client-facts.ts';
import type { Grant, Pair } from '../grants/grant.ts';
import { isConnectionFailure } from '../grants/outage.ts';
import { skewShownBy } from '../grants/skew.ts';
import type { Client } from '../providers/clients.ts';
import type { AttemptEnd } from '../stores/store.ts';
import type { Millis } from '../time.ts';
import { claimGrant, factsFor } from './claim.ts';
import { converse, successOf } from './converse.ts';
import type { Right, Send } from './converse.ts';
import type { Budget } from './budget.ts';
import type { Engine } from './engine.ts';
import { keepPair, keepStored, readStored } from './keep.ts';
import type { Success } from './keep.ts';
import { openPair, sealAnswer } from './pair.ts';
import { reportDeath, reportRecovered } from './report.ts';

/** How a refresh ended, and the row after it. */
export type Refreshed = {
  readonly grant: Grant | undefined;
  /**
   * `refreshed`: there is a new pair. `busy`: another process is at it. `later`: not before `retryAtMs`. `over`: nothing can be
   * done, or somebody else has done it: look at the row.
   */
  readonly kind: 'refreshed' | 'busy' | 'later' | 'over';
  readonly reason: string;
  readonly retryAtMs?: Millis | undefined;
  /** The new pair, where the store has not taken it yet: it is in the spool. */
  readonly unsaved?: Pair;
};

/**
 * One refresh, from the claim to the stored pair: claim (first transaction), send, wait, keep or decide (second
 * transaction). A grant that has another pair by now than the seen one is left alone. Nobody can cancel it. Rejects only for bugs and for a store that is away before anything was sent.
 */
export const refreshGrant = async (engine: Engine, seen: Grant): Promise<Refreshed> => {
  const claimed = await claimGrant(engine, seen);
  switch (claimed.kind) {
    case 'busy':
      return { kind: 'busy', grant: claimed.grant, reason: 'refreshing' };
    case 'waiting':
      return { kind: 'later', grant: claimed.grant, reason: claimed.reason, retryAtMs: claimed.untilMs };
    case 'over':
      return { kind: 'over', grant: claimed.grant, reason: claimed.grant?.state ?? 'gone' };
    case 'answered': {
      const grant = await keepStored(engine, claimed.grant, claimed.answers);
      reportRecovered(engine, claimed.grant, 'stored_answer');
      return { kind: 'refreshed', grant, reason: 'answer_was_stored' };
    }
    case 'claimed': {
      const client = engine.clients.get(claimed.grant.client);
      if (client === undefined) throw new Error(`no client "${claimed.grant.client}"`);
      try {
        return await sendAndConclude(engine, client, claimed);
      } finally {
        engine.leases.release(seen.id);
      }
    }
  }
};

const sendAndConclude = async (engine: Engine, client: Client, right: Right): Promise<Refreshed> => {
  const { grant, sends } = await converse(engine, client, right);
  const successes = sends
    .map(successOf)
    .filter((success) => success !== undefined)
    .toReversed();
  const refreshed = await conclude(engine, client, grant, sends, successes);
  await noteReach(engine, grant.client, sends);
  const open = sends.filter(({ ending }) => ending === undefined);
  if (open.length > 0) awaitLate(engine, grant, open);
  engine.atStep('before_return');
  return refreshed;
};

/** An answer with any status shows that the provider can be reached. Connections that fail one after the other are an outage. */
const noteReach = async ({ book }: Engine, client: string, sends: readonly Send[]): Promise<void> => {
  const answers = sends.flatMap(({ ending }) => ending?.answer ?? []);
  if (answers.some(({ status }) => status !== undefined)) return book.noteAnswered(client);
  const failure = answers.find((answer) => answer.class === 'not_sent' && isConnectionFailure(answer.code));
  if (failure !== undefined) await book.noteFailedConnection(client, failure.code);
};

const endOf = ({ attemptId, ending }: Send): AttemptEnd | undefined =>
  ending === undefined
    ? undefined
    : {
        id: attemptId,
        outcome: ending.answer.class,
        status: ending.answer.status,
        requestId: ending.answer.requestId,
        tookMs: ending.tookMs,
      };

const endsOf = (sends: readonly Send[]): readonly AttemptEnd[] =>
  sends.map(endOf).filter((end) => end !== undefined);

/** The second transaction: the pair, or what its absence means. */
const conclude = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
  successes: readonly Success[],
): Promise<Refreshed> => {
  const [latest, ...spares] = successes;
  if (latest === undefined) return concludeFailure(engine, client, grant, sends);
  const kept = await keepPair(engine, grant, latest, { ended: endsOf(sends), spares });
  if (kept.waits === true) return { kind: 'busy', grant: kept.grant, reason: 'refreshing' };
  const { pair, stated } = latest.answer;
  const other = spares[0]?.answer.pair.refreshToken;
  await engine.book.noteSuccess(grant.client, {
    atMs: latest.sentAtMs,
    grantId: grant.id,
    secret: sends.find(({ attemptId }) => attemptId === latest.id)?.secret ?? '',
    skewMs: skewShownBy({ ...latest, providerMs: latest.answer.providerMs }),
    seen: {
      accessSeconds: stated.expiresIn,
      refreshSeconds: stated.refreshExpiresIn,
      rotates:
        client.provider.grantType === 'refresh_token' && pair.refreshToken !== undefined
          ? pair.refreshToken !== openPair(engine.keys, grant).refreshToken
          : undefined,
      accessToken: latest.answer.class === 'refresh_only' ? 'unusable' : 'usable',
      repeatGives: other === undefined ? undefined : other === pair.refreshToken ? 'same_pair' : 'new_pair',
    },
  });
  if (grant.sends.count > 1)
    reportRecovered(engine, grant, client.provider.repeats.kind === 'overlap' ? 'repeat' : 'probe');
  if (latest.answer.class === 'refresh_only')
    return {
      kind: 'later',
      grant: kept.grant,
      reason: 'access_token_unusable',
      retryAtMs:
        kept.grant.due?.rank === 0 ? kept.grant.due.atMs : engine.store.nowMs() + engine.timing.scanMs,
    };
  const refreshed = { kind: 'refreshed', grant: kept.grant, reason: 'refreshed' } as const;
  return kept.isSaved ? refreshed : { ...refreshed, unsaved: pair };
};

const concludeFailure = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
): Promise<Refreshed> => {
  const { store, timing, book } = engine;
  const ended = sends.flatMap(({ ending, sentAtMs }) =>
    ending === undefined ? [] : [{ ...ending.answer, sentAtMs }],
  );
  const found = rulingOf(ended)?.class ?? 'not_sent';
  if (found === 'grant_rejected') {
    // A send of the generation before may still bring the pair that lives.
    await engine.late.get(grant.id);
    const spare = await useSpare(engine, client, grant, sends);
    if (spare !== undefined) return spare;
  }
  const code = sends.find(({ ending }) => ending?.answer.class === found)?.ending?.answer.code ?? found;
  const nowMs = store.nowMs();
  const verdict =
    found === 'unclear' || found === 'unrecognised'
      ? await book.noteUnclear(grant.client, {
          grantId: grant.id,
          sentAtMs: nowMs,
          isRecognised: found === 'unclear',
        })
      : 'wait';
  const isClient = MEANINGS[found].stopsClient || verdict === 'client';
  const clientRetryAtMs = isClient ? await book.noteRefused(grant.client, code) : undefined;
  const pauseMs = pauseAskedFor(ended, client.provider, timing);
  if (pauseMs !== undefined) await book.notePause(grant.client, nowMs + pauseMs);
  const { change, events } = decideFailure({
    grant,
    ended,
    verdict,
    clientRetryAtMs,
    pausedUntilMs: pausedUntil(book.facts(grant.client), nowMs),
    client,
    timing,
    nowMs,
    latest: store.latest,
    chance: engine.chance(),
  });
  const unusable = sends.find(({ ending }) => ending?.answer.class === 'unusable');
  const keep =
    unusable?.ending === undefined
      ? undefined
      : sealAnswer(engine.keys, grant, {
          ...unusable,
          ...unusable.ending,
          id: unusable.attemptId,
          body: unusable.ending.answer.body,
        });
  engine.atStep('before_settle');
  try {
    const settled = await store.settle(grant.id, grant, { change, events, ended: endsOf(sends), keep });
    engine.atStep('after_settle');
    const now = settled.grant;
    const isDead = now === undefined || now.state === 'dead' || now.state === 'closed';
    if (settled.isDone) reportDeath(engine, now);
    if (!settled.isDone || isDead) return { kind: 'over', grant: now, reason: now?.state ?? 'gone' };
    return { kind: 'later', grant: now, reason: reasonFor(found), retryAtMs: now.due?.atMs };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // The row stays as claimed. When the lease is over, it is treated as sent and unanswered, which is safe.
    engine.log({ event: 'store.failed', during: 'settle', reason: error.message });
    return { kind: 'later', grant, reason: 'store_unavailable', retryAtMs: nowMs + timing.leaseMs };
  }
};

const reasonFor = (found: string): string =>
  ({
    not_sent: 'provider_unreachable',
    rate_limited: 'client_throttled',
    ambiguous: 'no_answer',
    unusable: 'answer_unreadable',
    unclear: 'refusal_unclear',
    unrecognised: 'refusal_unclear',
    client_rejected: 'client_misconfigured',
    bug: 'client_misconfigured',
  })[found] ?? found;

/**
 * A pair that another send brought, of this token or of any before it: where several answers came, the wrong one may have
 * been taken. Each is tried once before the grant is given up, the one that came last first.
 */
const useSpare = async (
  engine: Engine,
  client: Client,
  grant: Grant,
  sends: readonly Send[],
): Promise<Refreshed | undefined> => {
  const refused = openPair(engine.keys, grant).refreshToken;
  const stored = (await engine.store.readAnswers(grant.id)).filter(
    ({ generation, epoch }) => generation <= grant.generation && epoch === grant.epoch,
  );
  const spare = stored
    .map((one) => readStored(engine, client, one))
    .findLast(
      (one) => one?.answer.pair.refreshToken !== undefined && one.answer.pair.refreshToken !== refused,
    );
  if (spare === undefined) return undefined;
  const kept = await keepPair(engine, grant, spare, {
    ended: endsOf(sends),
    spares: [],
    drop: [spare.id],
  });
  reportRecovered(engine, grant, 'spare');
  return { kind: 'refreshed', grant: kept.grant, reason: 'spare' };
};

const awaitLate = (engine: Engine, grant: Grant, open: readonly Send[]): void => {
  const before = engine.late.get(grant.id);
  const keepOne = async (send: Send): Promise<void> => {
    await send.isOver;
    await keepLate(engine, grant, send);
  };
  const keepAll = async (): Promise<void> => {
    await Promise.all([before, ...open.map(keepOne)]);
    if (engine.late.get(grant.id) === work) engine.late.delete(grant.id);
  };
  const work = keepAll();
  engine.late.set(grant.id, work);
  engine.unsaved.track(work);
};

/**
 * An answer that came after its refresh was concluded: a spare, or the end of an attempt. Where the grant has died
 * meanwhile, because the other pair was refused, the spare brings it back.
 */
const keepLate = async (engine: Engine, grant: Grant, send: Send): Promise<void> => {
  const success = successOf(send);
  const ended = endsOf([send]);
  try {
    if (success === undefined) return await engine.store.noteEnds(ended);
    const { grant: now } = await keepPair(engine, grant, success, { ended, spares: [] });
    if (now.generation > grant.generation) reportRecovered(engine, grant, 'late_answer');
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
};

/** Refreshes a grant, or joins the refresh that this process is at already. `isWanted`: somebody waits for it. Nobody cancels it. */
export type Refresher = {
  refresh(grant: Grant, isWanted: boolean): Promise<Refreshed>;
  isRefreshing(grantId: string): boolean;
};

/**
 * What can be answered without a place in the budget: during an outage, thousands of callers would use it up for grants that
 * must wait in any case. A grant in any doubt is looked at in full, because an answer to it may be stored.
 */
const whatWaits = (engine: Engine, grant: Grant): Refreshed | undefined => {
  const { state, due } = grant;
  const client = engine.clients.get(grant.client);
  if (state !== 'active' || client === undefined) return undefined;
  const nowMs = engine.store.nowMs();
  const facts = factsFor(engine, grant, client, nowMs);
  const blockedUntilMs = blockedUntil(facts, nowMs);
  if (blockedUntilMs !== undefined)
    return { kind: 'later', grant, reason: blockedReason(facts), retryAtMs: blockedUntilMs };
  if (due?.rank !== 0 || due.atMs <= nowMs) return undefined;
  return { kind: 'later', grant, reason: 'retry_later', retryAtMs: due.atMs };
};

/** One refresh per grant at a time, within the budget of its client. */
export const createRefresher = (engine: Engine, budget: Budget, onEnd: () => void): Refresher => {
  const running = new Map<string, Promise<Refreshed>>();
  return {
    isRefreshing: (grantId) => running.has(grantId),
    refresh(grant, isWanted) {
      const { id, client } = grant;
      const joined = running.get(id);
      if (joined !== undefined) return joined;
      const waiting = whatWaits(engine, grant);
      if (waiting !== undefined) return Promise.resolve(waiting);
      const refreshing = budget
        .run(client, isWanted, () => refreshGrant(engine, grant))
        .finally(() => {
          running.delete(id);
          onEnd();
        });
      running.set(id, refreshing);
      return refreshing;
    },
  };
};
