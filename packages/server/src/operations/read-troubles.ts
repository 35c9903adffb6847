import type { Millis } from '../clock.ts';
import { REFUSAL_EVENTS, REPLAY_EVENTS } from '../operators/trouble.ts';
import type { TroubleGroup } from '../operators/trouble.ts';
import type { OperationContext } from './context.ts';

const HOUR_MS = 3_600_000;

/** The spans that are counted, each up to the end of the present hour. */
export const TROUBLE_SPANS = {
  day: { hoursPerPart: 1, partsCount: 24 },
  month: { hoursPerPart: 24, partsCount: 30 },
} as const;
export type TroubleSpanName = keyof typeof TROUBLE_SPANS;
export type TroubleKind = 'refusals' | 'replays';

export type TroubleSearch = {
  readonly kind: TroubleKind;
  readonly span: TroubleSpanName;
  readonly clientId?: string | undefined;
  readonly limit: number;
};

/** What was refused or replayed at all nodes, and which time the parts of each group are of. */
export type Troubles = {
  readonly groups: readonly TroubleGroup[];
  readonly fromMs: Millis;
  readonly partMs: Millis;
};

/** Counts by cause and client, the most first. Throws `StoreError`. */
export const readTroubles = async (
  { store, clock }: Pick<OperationContext, 'store' | 'clock'>,
  { kind, span, clientId, limit }: TroubleSearch,
): Promise<Troubles> => {
  const { hoursPerPart, partsCount } = TROUBLE_SPANS[span];
  const endHour = Math.floor(clock() / HOUR_MS) + 1;
  const fromHour = endHour - hoursPerPart * partsCount;
  const events = kind === 'refusals' ? REFUSAL_EVENTS : REPLAY_EVENTS;
  const groups = await store.listTroubles({ events, fromHour, hoursPerPart, partsCount, clientId, limit });
  return { groups, fromMs: fromHour * HOUR_MS, partMs: hoursPerPart * HOUR_MS };
};
