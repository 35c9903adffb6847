import type { Grant, Lease } from '../grants/grant.ts';
import type { Store } from '../stores/store.ts';
import type { Clock, Millis } from '../time.ts';
import { JUMP_MS, isFromFuture } from '../timeline.ts';
import { isOwnerGone } from './owner.ts';

/** The rights to send that this process holds. */
export type Leases = {
  readonly owner: string;
  /** Notes a lease that was taken by a call which began at this moment. */
  hold(grant: Grant, asked: Moment): void;
  /** Whether this process may still send: its lease was confirmed so lately that nobody else can have taken it. */
  isHeld(grantId: string): boolean;
  /**
   * Whether the store has the lease too. Who brings the answer to an earlier send ends it before its time, and nobody else can:
   * for a first send, nothing needs to be asked. `false` where the store cannot say.
   */
  isInStore(grant: Grant): Promise<boolean>;
  release(grantId: string): void;
  /** Whether a lease of the store counts: it is not over, and its owner may live. */
  isRunning(lease: Lease, nowMs: Millis): boolean;
  /** For so long, the leases of others count although they look over: after the store was away. */
  doubt(forMs: Millis): void;
  /** Now, by both clocks: a lease counts from before it was asked for. */
  now(): Moment;
  stop(): void;
};

/** One moment on both clocks. A stopped process sees it on one, a machine that slept on the other. */
type Moment = { readonly wallMs: Millis; readonly monotonicMs: Millis };

/** The last part of a lease is not used for sending. */
const USABLE_PART = 0.8;
/** What the store said is asked again when it is older: the process was stopped meanwhile. */
const STORE_SAID_MS = 1000;

/** Holds leases, and renews them at a third of their time while there are any. */
export const createLeases = (
  store: Pick<Store, 'read' | 'renew' | 'latest'>,
  owner: string,
  leaseMs: Millis,
  clock: Clock,
): Leases => {
  const held = new Map<string, { fence: number; at: Moment }>();
  let cancel: (() => void) | undefined;
  let isStopped = false;
  let doubtUntilMs = -Infinity;
  const fromFuture = new Map<string, Millis>();

  /** A lease counts from its last renewal, as young as that may be. */
  const endOf = ({ untilMs }: Lease): Millis => store.latest(untilMs - leaseMs) + leaseMs;

  /** A lease that begins in the future was written before a jump: it counts for one lease from when it is seen. */
  const isFutureOver = (lease: Lease): boolean => {
    const key = `${lease.owner} ${lease.atMs}`;
    const seenMs = fromFuture.get(key) ?? clock.monotonicMs();
    if (fromFuture.size > 1000) fromFuture.clear();
    fromFuture.set(key, seenMs);
    return clock.monotonicMs() - seenMs >= leaseMs;
  };

  const now = (): Moment => ({ wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });

  /** By the clock that went further. A wall clock that was put back may hide a sleep, in which the other one stood still. */
  const ageOf = (at: Moment): Millis => {
    const { wallMs, monotonicMs } = now();
    const [byWallMs, byMonotonicMs] = [wallMs - at.wallMs, monotonicMs - at.monotonicMs];
    return byWallMs < byMonotonicMs - JUMP_MS ? Infinity : Math.max(byWallMs, byMonotonicMs);
  };

  const isHeld = (grantId: string): boolean => {
    const lease = held.get(grantId);
    return lease !== undefined && ageOf(lease.at) < leaseMs * USABLE_PART;
  };

  const schedule = (): void => {
    if (cancel !== undefined || isStopped || held.size === 0) return;
    cancel = clock.inBackground(leaseMs / 3, () => {
      cancel = undefined;
      void renew().finally(schedule);
    });
  };

  const renew = async (): Promise<void> => {
    const at = now();
    // One that was over stays so: an exchange is counted from its claim, and this send would come too late.
    const before = [...held].filter(([grantId]) => isHeld(grantId));
    if (before.length === 0) return;
    try {
      const fences = await store.renew(owner, leaseMs);
      for (const [grantId, { fence }] of before) {
        const isOurs = fences.get(grantId) === fence;
        if (isOurs && held.get(grantId)?.fence === fence) held.set(grantId, { fence, at });
      }
    } catch {
      // Not confirmed: without a renewal the right to send ends by itself.
    }
  };

  return {
    owner,
    now,
    hold({ id, fence }, asked) {
      held.set(id, { fence, at: asked });
      schedule();
    },
    isHeld,
    async isInStore({ id, generation, epoch }) {
      for (;;) {
        const asked = now();
        try {
          const row = await store.read(id);
          if (row?.lease?.owner !== owner || row.generation !== generation || row.epoch !== epoch)
            return false;
        } catch {
          return false;
        }
        if (ageOf(asked) < STORE_SAID_MS) return true;
        if (!isHeld(id)) return false;
      }
    },
    release: (grantId) => void held.delete(grantId),
    isRunning(lease, nowMs) {
      if (lease.owner === owner || isOwnerGone(lease)) return false;
      if (isFromFuture(lease.atMs, nowMs)) return !isFutureOver(lease);
      return endOf(lease) > nowMs || clock.monotonicMs() < doubtUntilMs;
    },
    doubt(forMs) {
      doubtUntilMs = Math.max(doubtUntilMs, clock.monotonicMs() + forMs);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
};
