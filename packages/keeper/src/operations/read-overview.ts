import type { ClientSummary } from '../config/client-summary.ts';
import { forecastDue, forecastEnds } from '../reading/forecast.ts';
import type { Forecast, ForecastStep } from '../reading/forecast.ts';
import type { Breaker } from '../grants/client-facts.ts';
import type { Outage } from '../grants/outage.ts';
import type { ConsentCause, Grant, GrantState } from '../grants/grant.ts';
import type { ClientSend, Store, StoredEvent, TroubledState } from '../stores/store.ts';
import { skewMsOf } from '../grants/skew.ts';
import { days } from '../time.ts';
import type { Millis } from '../time.ts';
import { viewOf } from '../reading/view.ts';
import { countOverdue } from './count-overdue.ts';
import { describeEvent } from './describe-event.ts';
import { explainState } from './explain-state.ts';

/** How a store is, for the status page, `watch` and programs. It holds no token. */
export type Overview = {
  readonly nowMs: Millis;
  readonly connections: number;
  readonly numbers: OverviewNumbers;
  /** Refresh tokens that end on each of the next 90 days (UTC) if nothing refreshes them. */
  readonly ends: readonly Pick<ForecastStep, 'fromMs' | 'grants'>[];
  readonly clients: readonly ClientCard[];
  /** Connections at risk, the nearest deadline first, then the dead ones, the newest first. */
  readonly troubled: readonly Troubled[];
  /** Why nothing is sent; `null` where all is well. */
  readonly quarantine: string | null;
};

/** The five numbers. All count grants. */
export type OverviewNumbers = {
  readonly active: number;
  readonly atRisk: number;
  readonly needsConsent: number;
  readonly lostThisWeek: Readonly<Partial<Record<ConsentCause, number>>>;
  readonly dueNextHour: number;
  /** What all clients may refresh in an hour, in one process. */
  readonly budgetPerHour: number;
  /** Refreshes that should have been made more than ten minutes ago. */
  readonly overdue: number;
};

/** How one client does. */
export type ClientCard = ClientSummary & {
  readonly grants: number;
  readonly breaker: Breaker | null;
  /** No connection reaches the provider. */
  readonly outage: Outage | null;
  readonly pausedUntilMs: Millis | null;
  /** The provider's clock minus ours. */
  readonly skewMs: Millis | null;
  /** Of the last hour, at most the last thousands of sends. */
  readonly sends: SendSummary;
  readonly lastSurprise: { readonly atMs: Millis; readonly text: string } | null;
};

/** The last sends of a client. */
export type SendSummary = {
  readonly count: number;
  readonly perMinute: number;
  /** The share with a pair, 0 to 1; `null` without any. */
  readonly success: number | null;
  readonly p95Ms: Millis | null;
};

/** A connection that needs somebody. */
export type Troubled = {
  readonly name: string;
  readonly client: string;
  readonly state: GrantState;
  readonly why: string;
  readonly sinceMs: Millis;
  /** The access token works until then; `null` where it does not work any more. */
  readonly deadlineMs: Millis | null;
  /** Where the owner consents again; `null` where the settings name no address, or the owner is not needed. */
  readonly reconnectUrl: string | null;
};

/** What an overview is made of. */
export type OverviewSource = {
  readonly store: Store;
  readonly clients: readonly ClientSummary[];
  /** Where the owner of a connection consents again. */
  readonly reconnectUrl: (name: string) => string | undefined;
  readonly quarantine: string | undefined;
  /** Of the keeper of this process, which reads a large store less often. */
  readonly forecastEnds?: (count: number) => Promise<Forecast>;
};

const RISKY: readonly TroubledState[] = ['uncertain', 'staged', 'suspect'];
const HOUR_MS = 3_600_000;
const ENDS_DAYS = 90;
const SENDS_MAX = 5000;
const EVENTS_MAX = 500;
const PER_STATE_MAX = 200;
const TROUBLED_MAX = 100;

/** Reads how a store is. A few short reads, however many connections there are. */
export const readOverview = async (source: OverviewSource): Promise<Overview> => {
  const { store, clients, quarantine = null } = source;
  const nowMs = store.nowMs();
  const names = new Map(clients.map((client) => [client.name, client]));
  const { states, clients: byClient, connections } = await store.counts();
  const due = await forecastDue({ store, clients: names }, 1);
  const ends = await (source.forecastEnds ?? ((count) => forecastEnds({ store, clients: names }, count)))(
    ENDS_DAYS,
  );
  const sends = await store.lastSends(nowMs - HOUR_MS, SENDS_MAX);
  const events = await store.lastEvents(EVENTS_MAX);
  const cards: ClientCard[] = [];
  for (const client of clients) {
    const facts = (await store.readClient(client.name))?.facts;
    cards.push({
      ...client,
      grants: aliveIn(byClient[client.name] ?? {}),
      breaker: facts?.breaker ?? null,
      outage: facts?.outage ?? null,
      pausedUntilMs: (facts?.pausedUntilMs ?? 0) > nowMs ? (facts?.pausedUntilMs ?? null) : null,
      skewMs: facts === undefined || facts.skew.samples.length === 0 ? null : skewMsOf(facts.skew),
      sends: summarise(sends, client.name, nowMs),
      lastSurprise: surpriseOf(events, client.name),
    });
  }
  return {
    nowMs,
    connections,
    numbers: {
      active: (states.active ?? 0) + (states.inflight ?? 0),
      atRisk: RISKY.reduce((sum, state) => sum + (states[state] ?? 0), 0),
      needsConsent: states.dead ?? 0,
      lostThisWeek: await store.deathsSince(nowMs - days(7)),
      dueNextHour: (due.steps[0]?.grants ?? 0) + due.overdue,
      budgetPerHour: clients.reduce((sum, { perSecondMax }) => sum + perSecondMax * 3600, 0),
      overdue: await countOverdue(store, [...names.keys()]),
    },
    ends: ends.steps.map(({ fromMs, grants }) => ({ fromMs, grants })),
    clients: cards,
    troubled: await readTroubled(source, cards, nowMs),
    quarantine,
  };
};

const aliveIn = (states: Readonly<Partial<Record<GrantState, number>>>): number =>
  Object.entries(states).reduce(
    (sum, [state, grants]) => (state === 'dead' || state === 'closed' ? sum : sum + grants),
    0,
  );

/** How the sends of a client went. Those that are still open count as sent. */
export const summarise = (all: readonly ClientSend[], client: string, nowMs: Millis): SendSummary => {
  const sends = all.filter((one) => one.client === client);
  const ended = sends.filter(({ outcome }) => outcome !== undefined);
  const took = sends
    .flatMap(({ tookMs }) => (tookMs === undefined ? [] : [tookMs]))
    .sort((one, other) => one - other);
  // Where there are more than were read, the rate is that of the time they span.
  const oldestMs = all.length < SENDS_MAX ? nowMs - HOUR_MS : (all.at(-1)?.sentAtMs ?? nowMs);
  return {
    count: sends.length,
    perMinute: sends.length / Math.max(1, (nowMs - oldestMs) / 60_000),
    success:
      ended.length === 0 ? null : ended.filter(({ outcome }) => outcome === 'usable').length / ended.length,
    p95Ms: took.length === 0 ? null : (took[Math.ceil(took.length * 0.95) - 1] ?? null),
  };
};

const surpriseOf = (events: readonly StoredEvent[], client: string): ClientCard['lastSurprise'] => {
  const found = events.find(({ event }) => event.kind === 'provider.surprise' && event.client === client);
  return found === undefined ? null : { atMs: found.atMs, text: describeEvent(found) };
};

/** Whether the access token is still handed out while it is valid. */
const isServed = ({ state, cause }: Pick<Grant, 'state' | 'cause'>): boolean =>
  state !== 'dead' || cause === 'lost_response' || cause === 'expired';

const readTroubled = async (
  { store, reconnectUrl }: OverviewSource,
  cards: readonly ClientCard[],
  nowMs: Millis,
): Promise<readonly Troubled[]> => {
  const byName = new Map(cards.map((card) => [card.name, card]));
  const listIn = async (state: TroubledState, order: 'oldest' | 'newest'): Promise<readonly Troubled[]> =>
    (await store.listByAge(state, order, PER_STATE_MAX)).map(({ name, grant }) => ({
      name,
      client: grant.client,
      state,
      why: explainState(viewOf(name, grant), nowMs, byName.get(grant.client)),
      sinceMs: grant.sinceMs,
      deadlineMs: isServed(grant) && grant.accessExpiresAtMs > nowMs ? grant.accessExpiresAtMs : null,
      reconnectUrl: state === 'dead' ? (reconnectUrl(name) ?? null) : null,
    }));
  const risky: Troubled[] = [];
  for (const state of RISKY) risky.push(...(await listIn(state, 'oldest')));
  risky.sort((one, other) => (one.deadlineMs ?? 0) - (other.deadlineMs ?? 0));
  const dead = await listIn('dead', 'newest');
  return [...risky, ...dead].slice(0, TROUBLED_MAX);
};
