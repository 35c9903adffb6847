import type { Grant } from '@keyfob/keeper';
import type { Ledger } from './ledger.ts';
import type { VirtualProcess } from './process.ts';
import type { ProviderKind, Token, VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Who may send, and when: the lease, the end of a connection, and the sends before. */
export type SendRules = {
  /** A token leaves a process. Returns what is called when its exchange is over. */
  sent(process: VirtualProcess, text: string): { answer(): void; close(): void };
  /** A token was to be sent, and could not be. */
  tried(text: string): void;
  claimed(process: VirtualProcess, grant: Grant, leaseMs: number): void;
  renewed(process: VirtualProcess, grantIds: Iterable<string>, leaseMs: number): void;
  /** The lease of a grant ended with a write; `isActive`: and nothing is open. */
  released(grantId: string, isActive: boolean): void;
  connected(car: string): void;
  disconnected(car: string): void;
  /** Whether a token was sent, and may have been used. */
  isDoubtful(text: string): boolean;
  isDisconnected(car: string): boolean;
  /** The token of a car that was sent last. */
  lastSent(car: string): Token | undefined;
  /** Whether nobody repeated a token although somebody could have, in the overlap after its first claim. */
  wasNeglected(token: Token): boolean;
  /** No repeat is expected before so much time has passed: a stopped client is tried again after minutes. */
  excuseRepeatsFor(ms: number): void;
  readonly counts: { sends: number };
};

type Sent = { readonly atMs: number; isAnswered: boolean; isClosed: boolean };

/** Without trouble for so long, somebody repeats an unanswered token: a lease, a look, and a connection. */
const REPEAT_WITHIN_MS = 28_000;
/** The keeper repeats until so long after the first claim. */
const OVERLAP_USED_MS = 54_000;
const EXCHANGE_MS = 60_000;
/** An exchange is counted from its claim, and the send may come so much later. */
const LEASE_MS = 20_000;
const CLAIMS_KEPT = 20;

/** `fromMs`: of the claim, or of the newest renewal. */
type Lease = { readonly process: VirtualProcess; readonly fromMs: number; readonly untilMs: number };

/** Whether a process was well for long enough between these moments, with none of `points` in it. */
const wasIdle = (process: VirtualProcess, points: readonly number[], fromMs: number, endMs: number) => {
  const overMs = Math.min(endMs, process.diedAtMs ?? endMs);
  let lastMs = Math.max(fromMs, process.upsets[0] ?? 0);
  const inside = [...points, ...process.upsets].filter((atMs) => atMs >= fromMs && atMs < overMs);
  for (const atMs of [...inside.sort((one, other) => one - other), overMs]) {
    if (atMs - lastMs > REPEAT_WITHIN_MS) return true;
    lastMs = Math.max(lastMs, atMs);
  }
  return false;
};

export const createSendRules = (
  kind: ProviderKind,
  time: VirtualTime,
  ledger: Ledger,
  parts: { readonly provider: VirtualProvider; readonly processes: readonly VirtualProcess[] },
): SendRules => {
  const { provider, processes } = parts;
  const { note, fault, grantOf, carOf } = ledger;
  const isOnce = kind === 'once' || kind === 'once_punishing';
  const sends = new Map<string, Sent[]>();
  const tries = new Map<string, number[]>();
  const claims = new Map<string, number[]>();
  /** Of the token that a row has now: an overlap is counted from there, because a claim may have become a send. */
  const firstClaims = new Map<string, number>();
  const last = new Map<string, Token>();
  const closed = new Map<string, number>();
  const leases = new Map<string, Lease>();
  const counts = { sends: 0 };
  let noRepeatsUntilMs = 0;

  const noteClaim = (id: string): void =>
    void claims.set(id, [...(claims.get(id) ?? []).slice(-CLAIMS_KEPT), time.nowMs()]);

  const check = (process: VirtualProcess, token: Token): void => {
    const { car } = token.family;
    const nowMs = time.nowMs();
    const lease = leases.get(grantOf(car));
    const isHeld = lease?.process === process && lease.untilMs > nowMs;
    // A token of an earlier consent is not in the row any more: a claim from before may still send it, and harms nothing.
    const isOfRow = ledger.current(car)?.family === token.family;
    if (!isHeld && isOfRow) fault(`${car}: process ${process.number} sent without a lease`);
    if (nowMs - (closed.get(car) ?? Infinity) > LEASE_MS) fault(`${car}: sent after its end`);
    if (!isOnce) return;
    for (const { isAnswered, atMs } of sends.get(token.text) ?? [])
      if (!isAnswered && nowMs < atMs + EXCHANGE_MS - LEASE_MS)
        fault(`${car}: sent again ${nowMs - atMs} ms after a send that may still be at work`);
  };

  return {
    counts,
    sent(process, text) {
      counts.sends += 1;
      const token = provider.find(text);
      note(`${token?.family.car ?? ''}: process ${process.number} sends ${text}`);
      const one: Sent = { atMs: time.nowMs(), isAnswered: false, isClosed: false };
      if (token !== undefined) {
        check(process, token);
        last.set(token.family.car, token);
      }
      sends.set(text, [...(sends.get(text) ?? []), one]);
      return {
        answer() {
          note(`${text} is answered`);
          one.isAnswered = one.isClosed = true;
        },
        close() {
          if (!one.isClosed) note(`${text}: its connection is closed`);
          one.isClosed = true;
        },
      };
    },
    tried: (text) => void tries.set(text, [...(tries.get(text) ?? []), time.nowMs()]),
    claimed(process, { id, generation, fence }, leaseMs) {
      note(`${carOf(id)}: process ${process.number} claims generation ${generation}, fence ${fence}`);
      leases.set(id, { process, fromMs: time.nowMs(), untilMs: time.nowMs() + leaseMs });
      if (!firstClaims.has(id)) firstClaims.set(id, time.nowMs());
      noteClaim(id);
    },
    renewed(process, grantIds, leaseMs) {
      const nowMs = time.nowMs();
      for (const id of grantIds) {
        const lease = leases.get(id);
        if (lease?.process !== process) continue;
        // Others count from here, if its holder was stopped meanwhile: it was away, and its lease goes on.
        if (process.upsets.some((atMs) => atMs >= lease.fromMs)) noteClaim(id);
        leases.set(id, { process, fromMs: nowMs, untilMs: nowMs + leaseMs });
      }
    },
    released(grantId, isActive) {
      leases.delete(grantId);
      if (isActive) firstClaims.delete(grantId);
    },
    connected(car) {
      closed.delete(car);
      firstClaims.delete(grantOf(car));
    },
    disconnected: (car) => void closed.set(car, time.nowMs()),
    isDoubtful: (text) => sends.has(text),
    isDisconnected: (car) => closed.has(car),
    lastSent: (car) => last.get(car),
    wasNeglected({ text, family }) {
      const own = (sends.get(text) ?? []).map(({ atMs }) => atMs);
      const fromMs = firstClaims.get(grantOf(family.car)) ?? time.nowMs();
      if (fromMs < noRepeatsUntilMs) return false;
      const endMs = Math.min(time.nowMs(), fromMs + OVERLAP_USED_MS);
      const taken = claims.get(grantOf(family.car)) ?? [];
      const points = [...own, ...(tries.get(text) ?? []), ...taken, ...ledger.upsets];
      return processes.some((process) => wasIdle(process, points, fromMs, endMs));
    },
    excuseRepeatsFor(ms) {
      noRepeatsUntilMs = Math.max(noRepeatsUntilMs, time.nowMs() + ms);
    },
  };
};
