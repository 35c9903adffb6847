import type { Millis } from '../clock.ts';
import { REFUSAL_EVENTS, REPLAY_EVENTS, TROUBLE_HOURS_KEPT } from '../operators/trouble.ts';
import type { TroubleGroup } from '../operators/trouble.ts';
import type { OperationContext } from './context.ts';

const HOUR_MS = 3_600_000;
/** A span of more is counted by day. */
const HOURLY_MAX = 48;
const DAY_HOURS = 24;

/** The spans that have names, as their hours. */
export const TROUBLE_SPANS = { day: DAY_HOURS, month: TROUBLE_HOURS_KEPT } as const;
export type TroubleSpanName = keyof typeof TROUBLE_SPANS;

export const TROUBLE_KINDS = ['replays', 'refusals'] as const;
export type TroubleKind = (typeof TROUBLE_KINDS)[number];

const EVENTS = { replays: REPLAY_EVENTS, refusals: REFUSAL_EVENTS } as const;

export type TroubleSearch = {
  /** Both if it is absent. */
  readonly kind?: TroubleKind | undefined;
  /** Up to the end of the present hour; what is older than 30 days is not kept. */
  readonly from: { readonly span: TroubleSpanName } | { readonly sinceMs: Millis };
  readonly clientId?: string | undefined;
  readonly limit: number;
};

/** What was refused or replayed at all nodes, and which time the parts of each group are of. */
export type Troubles = {
  readonly groups: readonly (TroubleGroup & {
    /** Of the client; empty where it has none, or is removed or unknown. */
    readonly clientName: string;
  })[];
  /** There are groups with fewer. */
  readonly isMore: boolean;
  readonly fromMs: Millis;
  readonly partMs: Millis;
};

/** Counts by cause and client, the most first. Throws `StoreError`. */
export const readTroubles = async (
  { store, clock }: Pick<OperationContext, 'store' | 'clock'>,
  { kind, from, clientId, limit }: TroubleSearch,
): Promise<Troubles> => {
  const endHour = Math.floor(clock() / HOUR_MS) + 1;
  const { hoursPerPart, partsCount } = partsOf(hoursOf(from, endHour));
  const fromHour = endHour - hoursPerPart * partsCount;
  const events = kind === undefined ? [...REPLAY_EVENTS, ...REFUSAL_EVENTS] : EVENTS[kind];
  const span = { events, fromHour, hoursPerPart, partsCount, clientId };
  const found = await store.listTroubles({ ...span, limit: limit + 1 });
  const groups = await Promise.all(
    found.slice(0, limit).map(async (group) => ({
      ...group,
      clientName: (await store.readClient(group.clientId)).client?.name ?? '',
    })),
  );
  return {
    groups,
    isMore: found.length > limit,
    fromMs: fromHour * HOUR_MS,
    partMs: hoursPerPart * HOUR_MS,
  };
};

const hoursOf = (from: TroubleSearch['from'], endHour: number): number => {
  if ('span' in from) return TROUBLE_SPANS[from.span];
  const hours = endHour - Math.floor(from.sinceMs / HOUR_MS);
  return Math.min(Math.max(hours, 1), TROUBLE_HOURS_KEPT);
};

const partsOf = (hours: number) =>
  hours <= HOURLY_MAX
    ? { hoursPerPart: 1, partsCount: hours }
    : { hoursPerPart: DAY_HOURS, partsCount: Math.ceil(hours / DAY_HOURS) };
