import { randomInt } from 'node:crypto';
import { StoreError } from '../../../errors.ts';
import type { Issue } from '../../../grants/grant-store.ts';
import { createBeats } from './epochs.ts';
import { isOfConnection } from '../connection/errors.ts';
import type { KnownClients } from '../verbs/known-clients.ts';
import { DATABASE_NOW_MS, makerOf, nodeOf } from './issued-by.ts';
import type { Maker } from './issued-by.ts';
import type { Connections } from '../connection/pool.ts';
import { createPulse } from './heartbeat.ts';
import type { MayHaveMade } from './settle.ts';
import { settleUnanswered } from './unanswered.ts';
import type { EndedUse, Unanswered } from './unanswered.ts';

export type NodeLimits = {
  /** How long after the first use a node tells of it; by then it is answered, as a rule. */
  readonly beatMs: number;
  /** How long a node that is missed may take to write again, until what it did not tell of counts as not answered. */
  readonly leaseMs: number;
  /** How often, a beat apart, another node is asked whether it has answered, before a client is told to come again. */
  readonly askedMax: number;
};

export const NODE_LIMITS: NodeLimits = { beatMs: 500, leaseMs: 10_000, askedMax: 4 };

/** This node, as the others know it by what it writes. */
export type Node = {
  readonly leaseMs: number;
  /** What all that is made from now on is stamped with. */
  stamp(): Maker;
  isOwn(maker: Maker): boolean;
  /** Whether a use like this one was not answered here, and its row does not say so yet. */
  owes(one: Unanswered): boolean;
  /** Does the work of a use, which is stamped in it, issues its tokens, and lets the other nodes know whether it was answered. */
  track<Result extends Outcome>(
    one: Unanswered,
    work: (mayHaveMade: MayHaveMade) => Promise<Result | 'client_gone'>,
    issue: Issue<Result> | undefined,
  ): Promise<Result | 'client_gone'>;
  /** Judges as often as it takes until other nodes have told of what they made, or throws `StoreError`. */
  untilKnown<Result>(judge: () => Promise<Result | 'not_known_yet'>): Promise<Result>;
  /** Tells of everything; called when no use is under way any more. */
  close(): Promise<void>;
};

type Outcome = { readonly verdict: { readonly kind: string } };

const NUMBER_MAX = 2 ** 31;
/** In one transaction. */
const SETTLED_AT_A_TIME = 256;
/** As many as the memory of a process holds; the oldest is forgotten first. */
const UNANSWERED_MAX = 100_000;

const ENTER = `INSERT INTO nodes (number, decided_beat, seen_at_ms) VALUES ($1, 0, ${DATABASE_NOW_MS})
  ON CONFLICT (number) DO NOTHING RETURNING number`;
const DECIDE = `INSERT INTO nodes AS n (number, decided_beat, seen_at_ms) VALUES ($1, $2, ${DATABASE_NOW_MS})
  ON CONFLICT (number) DO UPDATE SET decided_beat = greatest(n.decided_beat, excluded.decided_beat),
    seen_at_ms = excluded.seen_at_ms, missed_at_ms = NULL`;

/** Nodes that ended without telling of everything. What they made that long ago is nobody's to repeat any more. */
export const DROP_LOST = `DELETE FROM nodes WHERE seen_at_ms < ${DATABASE_NOW_MS} - 400 * 86400000::bigint`;

const LEAVE = 'DELETE FROM nodes WHERE number = $1';

const nameOf = ({ of, use: { presented } }: Unanswered): string =>
  `${of}.${presented.grantId}.${'generation' in presented ? presented.generation : ''}`;

const ANSWERS = new Set(['rotate', 'resync', 'redeem', 'repeat']);

const isAnswer = ({ verdict }: Outcome): boolean => ANSWERS.has(verdict.kind);

/**
 * A node counts beats. While there is something to tell it ends one every `beatMs`, and once every use of a beat has
 * ended, writes so: first into their rows which of them were not answered, then which beat is decided. An idle node
 * writes nothing, and a closed one leaves no row, because nothing of it is open.
 */
export const createNode = (
  { read, write, transact }: Connections,
  clients: KnownClients,
  limits: NodeLimits,
): Node => {
  const { beatMs, leaseMs, askedMax } = limits;
  const beats = createBeats();
  const unanswered = new Map<string, EndedUse>();
  let number = randomInt(1, NUMBER_MAX);
  let entering: Promise<void> | undefined;
  let isEntered = false;
  let decided = 0;

  const enter = async (): Promise<void> => {
    try {
      // Asked again where the connection was lost: at worst a number is taken that nobody has.
      while ((await read(ENTER, [number])).length === 0) number = randomInt(1, NUMBER_MAX);
      isEntered = true;
    } finally {
      entering = undefined;
    }
  };

  const settleAll = async (): Promise<void> => {
    const all = [...unanswered];
    for (let from = 0; from < all.length; from += SETTLED_AT_A_TIME)
      await settleSome(all.slice(from, from + SETTLED_AT_A_TIME));
  };

  const settleSome = async (some: readonly (readonly [name: string, one: EndedUse])[]): Promise<void> => {
    const uses = some.map(([, one]) => one);
    try {
      await transact((transaction) => settleUnanswered(transaction, clients, uses));
    } catch (error) {
      if (isOfConnection(error)) throw error;
      // One row's trouble must not keep the node from telling of the others: each is tried by itself, and again next time.
      if (some.length > 1) for (const one of some) await settleSome([one]);
      return;
    }
    for (const [name, one] of some) if (unanswered.get(name) === one) unanswered.delete(name);
  };

  const tell = async (): Promise<void> => {
    const closed = beats.end();
    await settleAll();
    await write(DECIDE, [number, closed]);
    decided = closed;
  };

  const isBehind = (): boolean => beats.newest() > decided || unanswered.size > 0;

  const pulse = createPulse(beatMs, tell, isBehind);

  const stamp = (): Maker => {
    pulse.arm();
    return makerOf(number, beats.stamp());
  };

  const isOwn = (maker: Maker): boolean => nodeOf(maker) === number;

  const track: Node['track'] = async (one, work, issue) => {
    if (!isEntered) await (entering ??= enter());
    const { beat, end } = beats.begin();
    const first = makerOf(number, beat);
    let hasTakenPlace = false;
    try {
      const outcome = await work((maker) => maker !== undefined && isOwn(maker) && maker >= first);
      if (outcome === 'client_gone') return outcome;
      hasTakenPlace = true;
      await issue?.(outcome);
      if (unanswered.size > 0 && isAnswer(outcome)) unanswered.delete(nameOf(one));
      return outcome;
    } catch (error) {
      const isUnknown = error instanceof StoreError && error.kind === 'outcome_unknown';
      if (hasTakenPlace || isUnknown) note(one, beat);
      throw error;
    } finally {
      end();
    }
  };

  const note = (one: Unanswered, beat: number): void => {
    const name = nameOf(one);
    const first = unanswered.get(name)?.first ?? makerOf(number, beat);
    // What is made by its retries is of later beats, so that it cannot be taken for what this use made.
    unanswered.set(name, { ...one, first, last: makerOf(number, beats.newest()) });
    beats.end();
    const [oldest] = unanswered.keys();
    if (unanswered.size > UNANSWERED_MAX && oldest !== undefined) unanswered.delete(oldest);
    pulse.arm();
  };

  return {
    leaseMs,
    stamp,
    isOwn,
    owes: (one) => unanswered.size > 0 && unanswered.has(nameOf(one)),
    track,
    async untilKnown(judge) {
      for (let asked = 1; ; asked++) {
        const result = await judge();
        if (result !== 'not_known_yet') return result;
        if (asked >= askedMax)
          throw new StoreError('unavailable', 'another node has not told yet whether it answered this use');
        await new Promise((resolve) => setTimeout(resolve, beatMs));
      }
    },
    async close() {
      await pulse.stop();
      if (!isEntered) return;
      try {
        if (isBehind()) await tell();
        await write(LEAVE, [number]);
      } catch {
        // What it could not tell is weighed by the others once it is missed.
      }
    },
  };
};
