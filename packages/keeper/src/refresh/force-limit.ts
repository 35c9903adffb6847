import type { Clock, Millis } from '../time.ts';

const EVERY_MS = 30_000;
const WINDOW_MS = 600_000;
const IN_WINDOW_MAX = 3;
const GRANTS_MAX = 10_000;

/** Limits refreshes that only a refused access token asks for: one in half a minute, three in ten minutes, per grant. */
export const createForceLimit = (clock: Clock): ((grantId: string) => boolean) => {
  const forced = new Map<string, readonly Millis[]>();
  return (grantId) => {
    const nowMs = clock.monotonicMs();
    const recent = (forced.get(grantId) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
    if (recent.length >= IN_WINDOW_MAX || nowMs - (recent.at(-1) ?? -Infinity) < EVERY_MS) return false;
    if (forced.size >= GRANTS_MAX) forced.clear();
    forced.set(grantId, [...recent, nowMs]);
    return true;
  };
};
