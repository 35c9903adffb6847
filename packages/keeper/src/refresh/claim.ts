import { decideAbandoned, decideUnaskable, decideWaiting } from '../grants/decide.ts';
import type { Decision } from '../grants/decide.ts';
import type { Grant, Pair } from '../grants/grant.ts';
import { isAlive } from '../grants/grant.ts';
import { atLatest, mayPassPause } from '../grants/ambiguity.ts';
import { blockedReason, blockedUntil, isStopped, pausedUntil } from '../grants/client-facts.ts';
import type { ClientFacts } from '../grants/client-facts.ts';
import { mayPassOutage } from '../grants/outage.ts';
import type { Client } from '../providers/clients.ts';
import type { StoredAnswer } from '../stores/store.ts';
import { seconds } from '../time.ts';
import type { Millis } from '../time.ts';
import { isFromFuture } from '../timeline.ts';
import { lookupOf } from '../vault/key-ring.ts';
import type { Engine } from './engine.ts';
import { readStored } from './keep.ts';
import { mustWait } from './later-sends.ts';
import { isOwnerStopped } from './owner.ts';
import { lookupTextOf, openPair } from './pair.ts';
import { reportDeath } from './report.ts';

/** The right to send, or why not. */
export type Claimed =
  | { readonly kind: 'claimed'; readonly grant: Grant; readonly pair: Pair; readonly attemptId: string }
  /** An answer to this very token waits in the store: nothing needs to be sent. */
  | { readonly kind: 'answered'; readonly grant: Grant; readonly answers: readonly StoredAnswer[] }
  /** Another process sends it. */
  | { readonly kind: 'busy'; readonly grant: Grant }
  /** Not now. */
  | { readonly kind: 'waiting'; readonly grant: Grant; readonly untilMs: Millis; readonly reason: string }
  /** Dead, closed, gone, or changed meanwhile. */
  | { readonly kind: 'over'; readonly grant: Grant | undefined };

/**
 * The first transaction of a refresh: the right to send one token, with the intent on disk before it is sent. That also
 * proves that the store can be written while the token is still unspent.
 */
export const claimGrant = async (engine: Engine, seen: Grant): Promise<Claimed> => {
  const { store, clients, timing } = engine;
  const grant = await store.read(seen.id);
  const client = grant === undefined ? undefined : clients.get(grant.client);
  if (grant === undefined || client === undefined || !isAlive(grant)) return { kind: 'over', grant };
  // Another process was faster. A second refresh would be a risk without a use.
  if (grant.generation !== seen.generation || grant.epoch !== seen.epoch) return { kind: 'over', grant };
  const nowMs = store.nowMs();
  const { lease } = grant;
  if (lease !== undefined && engine.leases.isRunning(lease, nowMs)) return { kind: 'busy', grant };
  if (grant.state !== 'active') {
    const answers = await waitingAnswers(engine, grant);
    const { refreshToken } = openPair(engine.keys, grant);
    const usable = answers.filter((one) => readStored(engine, client, one, refreshToken) !== undefined);
    const latestMs = Math.max(...usable.map(({ sentAtMs }) => sentAtMs));
    if (usable.length > 0 && !mustWait(engine, client, grant, latestMs))
      return { kind: 'answered', grant, answers };
  }
  const blocked = await whatBlocks(engine, grant, client, nowMs);
  if (blocked !== undefined) return blocked;
  if (!engine.spool.hasRoom())
    return { kind: 'waiting', grant, untilMs: nowMs + timing.scanMs, reason: 'spool_full' };
  return take(engine, grant, lease?.owner);
};

/** Takes the lease for one more send of a grant that this process holds already. */
export const claimAgain = async (engine: Engine, grant: Grant): Promise<Claimed> =>
  take(engine, grant, engine.leases.owner);

const take = async (engine: Engine, grant: Grant, voidOwner: string | undefined): Promise<Claimed> => {
  const { store, keys, leases, timing } = engine;
  const pair = openPair(keys, grant);
  const attempt = {
    id: engine.newId(),
    fingerprint: lookupOf(keys.current, lookupTextOf(pair, grant.client)),
  };
  engine.atStep('before_claim');
  const asked = leases.now();
  const claim = { owner: leases.owner, leaseMs: timing.leaseMs, attempt, voidOwner };
  const claimed = await store.claim(grant.id, grant, claim);
  if (claimed === undefined) return { kind: 'over', grant: await store.read(grant.id) };
  leases.hold(claimed, asked);
  engine.atStep('after_claim');
  return { kind: 'claimed', grant: claimed, pair, attemptId: attempt.id };
};

/** Answers to the token that the row holds now: in the store, or in the spool of a process of this machine. */
const waitingAnswers = async ({ store, spool }: Engine, grant: Grant): Promise<readonly StoredAnswer[]> =>
  [
    ...(await store.readAnswers(grant.id)),
    ...spool.left().filter(({ grantId }) => grantId === grant.id),
  ].filter(({ generation, epoch }) => generation === grant.generation && epoch === grant.epoch);

/** What is known of the client, without an outage where this grant may pass it. */
export const factsFor = (
  { book, store }: Pick<Engine, 'book' | 'store'>,
  grant: Grant,
  { provider }: Client,
  nowMs: Millis,
): ClientFacts => {
  const facts = book.facts(grant.client);
  if (facts.outage === undefined) return facts;
  const latest = { ...grant, sends: atLatest(grant.sends, store.latest) };
  return mayPassOutage(latest, provider.repeats, nowMs) ? { ...facts, outage: undefined } : facts;
};

/** What stands against sending now: an open question about the last send, the client, or the waiting time. */
const whatBlocks = async (
  engine: Engine,
  grant: Grant,
  client: Client,
  nowMs: Millis,
): Promise<Claimed | undefined> => {
  const { book, timing, chance } = engine;
  const facts = factsFor(engine, grant, client, nowMs);
  const situation = {
    grant,
    client,
    timing,
    nowMs,
    latest: engine.store.latest,
    chance: chance(),
    clientRetryAtMs: blockedUntil(facts, nowMs),
    pausedUntilMs: pausedUntil(facts, nowMs),
  };
  const { repeats } = client.provider;
  const isPaused = situation.pausedUntilMs !== undefined;
  const isLastChance =
    isPaused && mayPassPause(atLatest(grant.sends, engine.store.latest), repeats, nowMs, timing);
  if (grant.state === 'inflight' && isLastChance) return undefined;
  if (grant.state === 'inflight') {
    // Its sender is gone, or has lost the lease.
    const decision = whereStopped(engine, client, grant, decideAbandoned(situation));
    if ((decision.change.due?.atMs ?? 0) > nowMs) return postpone(engine, grant, decision);
  } else if (grant.due?.rank === 0 && grant.due.atMs > nowMs && !isFromFuture(grant.sinceMs, nowMs)) {
    // After a clock was put back, a waiting time from before says nothing.
    const reason = grant.state === 'active' ? 'retry_later' : grant.state;
    return { kind: 'waiting', grant, untilMs: grant.due.atMs, reason };
  }
  const overMs = overAfterJump(engine, grant, client);
  if (nowMs < overMs) return { kind: 'waiting', grant, untilMs: overMs, reason: grant.state };
  if (repeats.kind === 'never' && grant.sends.count > 0) {
    // Nothing ends by a clock that jumped: the access token has had its whole life for certain.
    const { issuedAtMs, accessExpiresAtMs } = grant;
    const endsAtMs = accessExpiresAtMs + engine.store.latest(issuedAtMs) - issuedAtMs;
    if (nowMs >= endsAtMs) return postpone(engine, grant, decideUnaskable(situation));
    return { kind: 'waiting', grant, untilMs: endsAtMs, reason: 'uncertain' };
  }
  if (isLastChance) return undefined;
  if (isPaused && repeats.kind === 'overlap' && grant.sends.count > 0)
    return postpone(engine, grant, decideWaiting(situation));
  const untilMs = blockedUntil(facts, nowMs);
  if (untilMs !== undefined) return { kind: 'waiting', grant, untilMs, reason: blockedReason(facts) };
  if (!isStopped(facts) || (await book.takeCanary(grant.client))) return undefined;
  const now = book.facts(grant.client);
  const againMs = blockedUntil(now, nowMs) ?? nowMs + timing.scanMs;
  return { kind: 'waiting', grant, untilMs: againMs, reason: blockedReason(now) };
};

/** A stopped sender is waited for so many times as long as an exchange may take. */
const STOPPED_EXCHANGES = 3;

/**
 * The decision about a token whose sender is gone, or is only stopped. Then it may have the answer in its hands, and without an
 * overlap a second send would end what that brings. It is sent in the end, because a process may never go on.
 */
const whereStopped = (
  { store }: Engine,
  { provider }: Client,
  { lease, sends }: Grant,
  decision: Decision,
): Decision => {
  const { due } = decision.change;
  if (provider.repeats.kind !== 'once' || lease === undefined || sends.lastAtMs === undefined)
    return decision;
  if (due === undefined || !isOwnerStopped(lease)) return decision;
  const endMs = store.latest(sends.lastAtMs) + STOPPED_EXCHANGES * seconds(provider.exchangeSeconds);
  return { ...decision, change: { ...decision.change, due: { ...due, atMs: Math.max(due.atMs, endMs) } } };
};

/**
 * When the exchange of a token that works once is over for certain, where a jump of the clock has made its waiting time look
 * over; 0 where nothing is in doubt.
 */
const overAfterJump = ({ store }: Engine, { sends }: Grant, { provider }: Client): Millis => {
  const { lastAtMs } = sends;
  if (provider.repeats.kind !== 'once' || sends.count === 0 || lastAtMs === undefined) return 0;
  const latestMs = store.latest(lastAtMs);
  return latestMs === lastAtMs ? 0 : latestMs + seconds(provider.exchangeSeconds);
};

const postpone = async (engine: Engine, grant: Grant, { change, events }: Decision): Promise<Claimed> => {
  const settled = await engine.store.settle(grant.id, grant, { change, events, ended: [] });
  const now = settled.grant ?? grant;
  if (settled.isDone) reportDeath(engine, now);
  if (change.due === undefined) return { kind: 'over', grant: now };
  return { kind: 'waiting', grant: now, untilMs: change.due.atMs, reason: change.state };
};
