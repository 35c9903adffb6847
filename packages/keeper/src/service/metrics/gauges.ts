import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { days } from '../../time.ts';
import { STATES } from '../show-grant.ts';
import type { StoreFigures } from './figures.ts';
import type { MetricParts } from './metric-parts.ts';

/** Within so many days. */
const ENDS = [1, 3, 7, 14, 30, 60, 90] as const;
const CAUSES = ['revoked', 'expired', 'lost_response', 'sharing_withdrawn'] as const;

/** Makes the gauges, and returns what sets them. What the store does not answer is left out. */
export const createGauges = (
  registry: Registry,
  { context, endpoints, waiting, isReady }: MetricParts,
  readFigures: () => Promise<StoreFigures | undefined>,
): (() => Promise<void>) => {
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name: `keyfob_keeper_${name}`, help, labelNames, registers: [registry] });
  const ready = gauge('ready', '1 where this node should get requests.');
  const quarantined = gauge('quarantined', '1 where the store seems to be a copy, and nothing is sent.');
  const waiters = gauge('waiting_requests', 'Requests that wait for a refresh.');
  const stopped = gauge('client_stopped', '1 where the provider refuses the client.', 'client');
  const unreachable = gauge('client_unreachable', '1 where no connection reaches the provider.', 'client');
  const paused = gauge('client_paused_seconds', 'How long the provider still asks for a pause.', 'client');
  const skews = gauge('clock_skew_seconds', "The provider's clock minus ours.", 'client');
  const grants = gauge('grants', 'Grants by state.', 'client', 'state');
  const dead = gauge('dead_grants', 'Dead grants by cause.', 'cause');
  const connections = gauge('connections', 'Names.');
  const lag = gauge('due_lag_seconds', 'By how much the refresh that waits longest is late.', 'client');
  const unsure = gauge('uncertain_age_seconds', 'How long the oldest grant has no sure answer.');
  const ending = gauge('refresh_tokens_ending', 'Refresh tokens that end within so many days.', 'days');
  const revoking = gauge('revocations_waiting', 'Closed grants that must still be revoked.', 'client');
  const queued = gauge('webhook_waiting', 'Messages that wait.', 'endpoint');
  const failing = gauge('webhook_failing', 'Of them, those that were tried and not accepted.', 'endpoint');
  const ofStore = [grants, dead, connections, lag, unsure, ending, revoking, queued, failing];

  const setOfProcess = async (): Promise<void> => {
    const nowMs = context.parts.engine.clock.wallMs();
    ready.set((await isReady()) ? 1 : 0);
    quarantined.set(context.keeper.quarantine() === undefined ? 0 : 1);
    waiters.set(waiting());
    for (const { name: client, breaker, outage, pausedUntilMs, skewMs } of context.keeper.clients()) {
      stopped.set({ client }, breaker === undefined ? 0 : 1);
      unreachable.set({ client }, outage === undefined ? 0 : 1);
      paused.set({ client }, Math.max(0, (pausedUntilMs ?? nowMs) - nowMs) / 1000);
      skews.set({ client }, (skewMs ?? 0) / 1000);
    }
  };

  const setOfStore = ({
    nowMs,
    counts,
    ends,
    figures,
    endpoints: health,
    revocations,
  }: StoreFigures): void => {
    const names = new Set([...context.parts.engine.clients.keys(), ...Object.keys(counts.clients)]);
    for (const client of names) {
      for (const state of STATES) grants.set({ client, state }, counts.clients[client]?.[state] ?? 0);
      revoking.set({ client }, revocations[client] ?? 0);
      lag.set({ client }, Math.max(0, nowMs - (figures.dueAtMs[client] ?? nowMs)) / 1000);
    }
    for (const cause of CAUSES) dead.set({ cause }, counts.causes[cause] ?? 0);
    connections.set(counts.connections);
    unsure.set(Math.max(0, nowMs - (figures.unsureSinceMs ?? nowMs)) / 1000);
    for (const within of ENDS) {
      const untilMs = nowMs + days(within);
      const steps = ends.steps.filter(({ fromMs }) => fromMs < untilMs);
      ending.set(
        { days: within },
        steps.reduce((sum, step) => sum + step.grants, 0),
      );
    }
    for (const { name: endpoint } of endpoints) {
      const one = health.find((found) => found.endpoint === endpoint);
      queued.set({ endpoint }, one?.waiting ?? 0);
      failing.set({ endpoint }, one?.failing ?? 0);
    }
  };

  return async () => {
    await setOfProcess();
    const figures = await readFigures();
    for (const one of ofStore) one.reset();
    if (figures === undefined) for (const one of ofStore) one.remove({});
    else setOfStore(figures);
  };
};
