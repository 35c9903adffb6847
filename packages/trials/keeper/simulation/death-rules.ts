import type { StoredEvent } from '@keyfob/keeper/stores';
import type { Grant } from '@keyfob/keeper';
import type { Ledger } from './ledger.ts';
import type { VirtualProcess } from './process.ts';
import type { SendRules } from './send-rules.ts';
import { RULES } from './virtual-provider.ts';
import type { Family, ProviderKind, Token, VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** When a grant may be given up, and how that is announced. */
export type DeathRules = {
  /** An answer with this token reaches a process as a whole. */
  delivered(process: VirtualProcess, token: Token): void;
  /** A process has offered the pairs that it got for a car to the store. */
  offered(process: VirtualProcess, grantId: string): void;
  /** A row was written. */
  settled(before: { readonly epoch: number; readonly generation: number }, grant: Grant): void;
  /** A new consent is about to take the place of the last one. */
  replaced(car: string, grantId: string): void;
  /** The provider ended a grant because a used token came again. `saved`: its successor, which a keeper had. */
  punished(family: Family, saved: Token): void;
  announced(event: StoredEvent): void;
  /** The judgement at the end, when all is calm. */
  finish(): void;
  readonly counts: { deaths: number };
};

/** A process that lives for so long after an answer has stored it. */
const STORED_WITHIN_MS = 30_000;
/** A late answer may bring a grant back; then nothing was lost. */
const COMES_BACK_WITHIN_MS = 90_000;

export const createDeathRules = (
  kind: ProviderKind,
  time: VirtualTime,
  { fault, note, carOf }: Ledger,
  parts: { readonly provider: VirtualProvider; readonly sends: SendRules },
): DeathRules => {
  const { provider, sends } = parts;
  const pending = new Map<VirtualProcess, Map<string, Token[]>>();
  const deaths = new Map<string, Set<string>>();
  const announcements = new Map<string, Set<string>>();
  /** Of deaths that are not judged yet, by car. */
  const judgements = new Map<string, () => void>();
  const rows = new Map<string, { readonly state: string; readonly sinceMs: number }>();
  const counts = { deaths: 0 };

  const judge = (grantId: string, car: string, token: Token): void => {
    const { family, text } = token;
    if (family.excuse !== undefined) return;
    if (provider.isAccepted(token)) fault(`${car}: given up, and ${text} still works`);
    if (kind === 'until_used') fault(`${car}: given up, and no token of this provider is ever lost`);
    if (RULES[kind].overlapMs > 0 && sends.wasNeglected(token))
      fault(`${car}: ${text} was not repeated in time`);
    const diedMs = time.nowMs();
    const judgeSaved = (): void => {
      judgements.delete(car);
      const row = rows.get(grantId);
      if (row?.state !== 'dead' || row.sinceMs > diedMs) return;
      const saved = provider.living(family).find(({ safeSinceMs }) => safeSinceMs !== undefined);
      if (saved !== undefined) fault(`${car}: given up, and ${saved.text} had arrived`);
    };
    judgements.set(car, judgeSaved);
    time.at(COMES_BACK_WITHIN_MS, () => {
      if (judgements.get(car) === judgeSaved) judgeSaved();
    });
  };

  return {
    counts,
    delivered(process, token) {
      const { car } = token.family;
      note(`${car}: ${token.text} reaches process ${process.number}`);
      const mine = pending.get(process) ?? new Map<string, Token[]>();
      pending.set(process, mine.set(car, [...(mine.get(car) ?? []), token]));
      const mark = (): number => (token.safeSinceMs ??= time.nowMs());
      time.at(STORED_WITHIN_MS, () => process.run(mark));
    },
    offered(process, grantId) {
      const car = carOf(grantId);
      for (const token of pending.get(process)?.get(car) ?? []) token.safeSinceMs ??= time.nowMs();
      pending.get(process)?.delete(car);
    },
    settled({ epoch, generation }, { id, state }) {
      const car = carOf(id);
      const death = `${epoch}.${generation}`;
      note(`${car}: row ${death} becomes ${state}`);
      if (state !== 'closed' && sends.isDisconnected(car)) fault(`${car}: has a new pair after its end`);
      if (rows.get(id)?.state !== state) rows.set(id, { state, sinceMs: time.nowMs() });
      if (state !== 'dead') return;
      counts.deaths += 1;
      const known = deaths.get(id) ?? new Set<string>();
      if (known.has(death)) fault(`${car}: died twice with the same token`);
      deaths.set(id, known.add(death));
      const token = sends.lastSent(car);
      if (token !== undefined) judge(id, car, token);
    },
    replaced(car, grantId) {
      judgements.get(car)?.();
      rows.set(grantId, { state: 'active', sinceMs: time.nowMs() });
    },
    punished(family, { text }) {
      fault(`${family.car}: a used token was sent, and ended ${text}, which was stored`);
    },
    announced({ id, event, grantId = '' }) {
      if (event.kind !== 'needs_consent') return;
      announcements.set(grantId, (announcements.get(grantId) ?? new Set<string>()).add(id));
    },
    finish() {
      for (const grantId of new Set([...deaths.keys(), ...announcements.keys()])) {
        const died = deaths.get(grantId)?.size ?? 0;
        const said = announcements.get(grantId)?.size ?? 0;
        if (died !== said) fault(`${carOf(grantId)}: died ${died} times, announced ${said} times`);
      }
    },
  };
};
