import type { Ledger } from './ledger.ts';
import type { VirtualProcess } from './process.ts';
import type { SendRules } from './send-rules.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How often a provider may be tried that no connection reaches. */
export type OutageRules = {
  /** A connection for a token was refused, in an outage that began at a moment. */
  refused(text: string, beganMs: number): void;
};

/** So long after its first connection was refused, a process knows of the outage. One that starts, or goes on, knows nothing. */
const NOTICED_WITHIN_MS = 60_000;
/** Canaries are ten seconds apart at least. */
const TRIES_PER_MINUTE = 6;

export const createOutageRules = (
  time: VirtualTime,
  { fault, upsets }: Ledger,
  parts: { readonly sends: SendRules; readonly processes: readonly VirtualProcess[] },
): OutageRules => {
  let outage = { beganMs: 0, firstAtMs: 0 };
  let tries: number[] = [];
  const lastUpsetMs = (): number =>
    Math.max(
      upsets.at(-1) ?? 0,
      ...parts.processes.flatMap((process) => [process.upsets.at(-1) ?? 0, process.diedAtMs ?? 0]),
    );
  return {
    refused(text, beganMs) {
      const nowMs = time.nowMs();
      if (outage.beganMs !== beganMs) outage = { beganMs, firstAtMs: nowMs };
      const knownMs = Math.max(outage.firstAtMs, lastUpsetMs()) + NOTICED_WITHIN_MS;
      // A token without an answer has its overlap, and is tried inside it.
      if (nowMs < knownMs || parts.sends.isDoubtful(text)) return;
      tries = [...tries.filter((atMs) => atMs > Math.max(knownMs, nowMs - 60_000)), nowMs];
      if (tries.length > TRIES_PER_MINUTE)
        fault(`the provider cannot be reached, and was tried ${tries.length} times in a minute`);
    },
  };
};
