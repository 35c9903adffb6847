import type { Millis } from '../clock.ts';
import {
  REFUSAL_EVENTS,
  REPLAY_EVENTS,
  TROUBLE_DAYS_KEPT,
  TROUBLE_HOURS_KEPT,
} from '../operators/trouble.ts';
import type { TroubleGroup } from '../operators/trouble.ts';
import type { OperationContext } from './context.ts';

const HOUR_MS = 3_600_000;

/** The spans that have names, in parts. */
export const TROUBLE_SPANS = {
  day: { hoursPerPart: 1, partsCount: 24 },
  month: { hoursPerPart: 24, partsCount: TROUBLE_DAYS_KEPT },
} as const;
export type TroubleSpanName = keyof typeof TROUBLE_SPANS;

export const TROUBLE_KINDS = ['replays', 'refusals'] as const;
export type TroubleKind = (typeof TROUBLE_KINDS)[number];

const EVENTS = { replays: REPLAY_EVENTS, refusals: REFUSAL_EVENTS } as const;

export type TroubleSearch = {
  /** Both if it is absent. */
  readonly kind?: TroubleKind | undefined;
  /** By hour up to the end of the present one; of more than 48 hours by day of UTC, of at most 30 with the present one. */
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
  const nowMs = clock();
  const { hoursPerPart, partsCount } = partsOf(from, nowMs);
  const fromHour = (placeOf(nowMs, hoursPerPart) + 1 - partsCount) * hoursPerPart;
  const events = kind === undefined ? [...REPLAY_EVENTS, ...REFUSAL_EVENTS] : EVENTS[kind];
  const span = { events, fromHour, hoursPerPart, partsCount, clientId };
  const found = await store.listTroubles({ ...span, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const nameOf = await readNames(store, shown);
  return {
    groups: shown.map((group) => ({ ...group, clientName: nameOf.get(group.clientId) ?? '' })),
    isMore: found.length > limit,
    fromMs: fromHour * HOUR_MS,
    partMs: hoursPerPart * HOUR_MS,
  };
};

/** Of each client once. */
const readNames = async (
  store: Pick<OperationContext['store'], 'readClient'>,
  groups: readonly TroubleGroup[],
): Promise<ReadonlyMap<string, string>> => {
  const ids = new Set(groups.map(({ clientId }) => clientId).filter((id) => id !== ''));
  return new Map(
    await Promise.all(
      [...ids].map(async (id) => [id, (await store.readClient(id)).client?.name ?? ''] as const),
    ),
  );
};

/** How many hours or days of UTC there were before that of a moment, since 1970. */
const placeOf = (atMs: Millis, hoursPerPart: number): number => Math.floor(atMs / HOUR_MS / hoursPerPart);

const partsOf = (from: TroubleSearch['from'], nowMs: Millis) => {
  if ('span' in from) return TROUBLE_SPANS[from.span];
  const countOf = (hoursPerPart: number): number =>
    Math.max(placeOf(nowMs, hoursPerPart) - placeOf(from.sinceMs, hoursPerPart) + 1, 1);
  return countOf(1) <= TROUBLE_HOURS_KEPT
    ? ({ hoursPerPart: 1, partsCount: countOf(1) } as const)
    : ({ hoursPerPart: 24, partsCount: Math.min(countOf(24), TROUBLE_DAYS_KEPT) } as const);
};
