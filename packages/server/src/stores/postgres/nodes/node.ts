import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Millis } from '../../../clock.ts';
import { StoreError } from '../../../errors.ts';
import type { VerdictKind } from '../../../grants/answered.ts';
import type { Issue } from '../../../grants/grant-store.ts';
import type { Connections } from '../connection/pool.ts';
import type { Query } from '../connection/transaction.ts';
import type { KnownClients } from '../verbs/known-clients.ts';
import { decideLocked, isFinal } from './decide-locked.ts';
import type { LockedDecision, LockedUse } from './decide-locked.ts';
import { createEpochs } from './epochs.ts';
import { createHeartbeat } from './heartbeat.ts';
import { issuedByOf, NODE_NUMBERS, nodeNumberOf } from './issued-by.ts';
import type { IssuedBy } from './issued-by.ts';
import { markUnanswered } from './mark-unanswered.ts';
import { insertNode, removeNode, reportEpoch } from './node-rows.ts';
import { retryAfterCut } from './retry-after-cut.ts';
import type { MayHaveIssued } from './retry-after-cut.ts';
import { createUnansweredUses } from './unanswered-uses.ts';
import type { TrackedUse, UnansweredUse } from './unanswered-uses.ts';

export type NodeLimits = {
  /** How long after the first use of an epoch the node reports it. Usually its uses are answered before that. */
  readonly epochMs: Millis;
  /** How long a node may keep others waiting for its report. After that, what it has not reported counts as not answered. */
  readonly leaseMs: Millis;
  /** How many times, an epoch apart, a use is decided while another node has not reported, before the client gets 503. */
  readonly attemptsMax: number;
};

export const NODE_LIMITS: NodeLimits = { epochMs: 500, leaseMs: 10_000, attemptsMax: 4 };

type Outcome = { readonly verdict: VerdictKind };

/**
 * This node, as the other nodes know it, and the one owner of the question whether a use was answered. Every use goes
 * through `track`. What it issues is stamped with `stamp`, in the row of the grant or the code.
 */
export type Node = {
  /** The value of `issued_by` for everything that is issued from now on. */
  stamp(): IssuedBy;
  /** Does the work of a use, issues its tokens, and lets the other nodes know whether it was answered. */
  track<Result extends Outcome>(
    tracked: TrackedUse,
    work: (mayHaveIssued: MayHaveIssued) => Promise<Result | 'client_gone'>,
    issue: Issue<Result> | undefined,
  ): Promise<Result | 'client_gone'>;
  /** Whether a use like this one was not answered here, and its row does not show it yet. */
  isUnanswered(tracked: TrackedUse): boolean;
  /** Whether a verdict on a row that is not locked stands, whatever another node reports. */
  isFinal(verdict: VerdictKind, issuedBy: IssuedBy | undefined): boolean;
  /** Decides a repeated use, on its locked row, by whether the use before was answered. */
  decideLocked<Decision extends { readonly result: Outcome }>(
    query: Query,
    locked: LockedUse,
    decide: (isRetryOfOurs: boolean) => Decision,
  ): Promise<LockedDecision<Decision> | 'not_known_yet'>;
  /** Decides again until the other nodes have reported what they issued. Throws `StoreError` where that takes too long. */
  untilKnown<Result>(decide: () => Promise<Result | 'not_known_yet'>): Promise<Result>;
  /** Reports everything. Called when no use is under way any more. */
  close(): Promise<void>;
};

const ANSWERS = new Set(['rotate', 'resync', 'redeem', 'repeat']);

/**
 * A node counts epochs. While it has something to report, it ends one at least every `epochMs`. Once every use of an epoch has
 * ended, it marks the rows of those that were not answered, and then reports the epoch. An idle node
 * writes nothing, and a closed one leaves no row, because nothing of it is open.
 */
export const createNode = (connections: Connections, clients: KnownClients, limits: NodeLimits): Node => {
  const { epochMs, leaseMs, attemptsMax } = limits;
  const epochs = createEpochs();
  const unanswered = createUnansweredUses();
  let number = randomInt(1, NODE_NUMBERS);
  let entering: Promise<void> | undefined;
  let isEntered = false;
  let reportedEpoch = 0;

  const enter = async (): Promise<void> => {
    try {
      while (!(await insertNode(connections, number))) number = randomInt(1, NODE_NUMBERS);
      isEntered = true;
    } finally {
      entering = undefined;
    }
  };

  const report = async (): Promise<void> => {
    const ended = epochs.advance();
    await markUnanswered(connections, clients, unanswered.all(), unanswered.removeMarked);
    await reportEpoch(connections, number, ended);
    reportedEpoch = ended;
  };

  const hasToReport = (): boolean => epochs.newestStamped() > reportedEpoch || unanswered.count() > 0;

  const heartbeat = createHeartbeat(epochMs, report, hasToReport);

  const isOwn = (issuedBy: IssuedBy): boolean => nodeNumberOf(issuedBy) === number;

  const note = (
    tracked: TrackedUse,
    { first, repeated }: Pick<UnansweredUse, 'first' | 'repeated'>,
  ): void => {
    unanswered.add({ ...tracked, first, last: issuedByOf(number, epochs.newestStamped()), repeated });
    // What its retries issue belongs to later epochs, so that it is not mistaken for what this use issued.
    epochs.advance();
    heartbeat.schedule();
  };

  return {
    stamp() {
      heartbeat.schedule();
      return issuedByOf(number, epochs.stamp());
    },
    async track(tracked, work, issue) {
      if (!isEntered) await (entering ??= enter());
      const { epoch, end } = epochs.begin();
      const first = issuedByOf(number, epoch);
      let verdict: VerdictKind | undefined;
      // The stamp that a repeat rests on: if its tokens cannot be issued, the answer is still missing.
      let shown: IssuedBy | undefined;
      try {
        const result = await retryAfterCut(
          (issuedBy) => issuedBy !== undefined && isOwn(issuedBy) && issuedBy >= first,
          (mayHaveIssued) =>
            work((issuedBy) => {
              shown = issuedBy;
              return mayHaveIssued(issuedBy);
            }),
        );
        if (result === 'client_gone') return result;
        verdict = result.verdict;
        await issue?.(result);
        if (ANSWERS.has(verdict.kind)) unanswered.remove(tracked);
        return result;
      } catch (error) {
        const isUnknown = error instanceof StoreError && error.kind === 'outcome_unknown';
        const repeated = verdict?.kind === 'repeat' ? { issuedBy: shown } : undefined;
        if (verdict !== undefined || isUnknown) note(tracked, { first, repeated });
        throw error;
      } finally {
        end();
      }
    },
    isUnanswered: (tracked) => unanswered.has(tracked),
    isFinal: (verdict, issuedBy) => isFinal(verdict, issuedBy, isOwn),
    decideLocked: (query, locked, decide) =>
      decideLocked({ query, leaseMs, isOwn, isUnanswered: unanswered.isUnanswered }, locked, decide),
    async untilKnown(decide) {
      for (let attempts = 1; ; attempts++) {
        const result = await decide();
        if (result !== 'not_known_yet') return result;
        if (attempts >= attemptsMax)
          throw new StoreError(
            'unavailable',
            'another node has not reported yet whether it answered this use',
          );
        await delay(epochMs);
      }
    },
    async close() {
      await heartbeat.stop();
      if (!isEntered) return;
      try {
        if (hasToReport()) await report();
        await removeNode(connections, number);
      } catch {
        // What it could not report counts as not answered, once another node has waited for its whole lease.
      }
    },
  };
};
