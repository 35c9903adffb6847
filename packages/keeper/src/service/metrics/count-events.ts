import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { MEANINGS } from '../../grants/answer-class.ts';
import type { Client } from '../../providers/clients.ts';
import { RECOVERY_WAYS } from '../../refresh/engine.ts';
import type { LogEvent } from '../../refresh/engine.ts';
import type { CheckedEndpoint } from '../../webhooks/endpoint.ts';
import type { WebhookEvent } from '../../webhooks/sender.ts';

/** Seconds. An exchange lasts 50 to 60 s at most, unless a profile says otherwise. */
const DURATIONS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120];
const CAUSES = ['revoked', 'expired', 'lost_response', 'sharing_withdrawn'] as const;
const OUTCOMES = ['delivered', 'failed', 'given_up', 'dropped'] as const;

/** Makes the counters of what happens, and returns what counts an event. */
export const countEvents = (
  registry: Registry,
  clients: ReadonlyMap<string, Client>,
  endpoints: readonly CheckedEndpoint[],
): ((event: LogEvent | WebhookEvent) => void) => {
  const counter = (name: string, help: string, labelNames: readonly string[]): Counter =>
    new Counter({ name: `keyfob_keeper_${name}_total`, help, labelNames, registers: [registry] });
  const refreshes = counter('refreshes', 'Ended sends of refresh tokens.', ['provider', 'client', 'class']);
  const durations = new Histogram({
    name: 'keyfob_keeper_refresh_duration_seconds',
    help: 'From the start of a send to its end.',
    labelNames: ['provider'],
    buckets: DURATIONS,
    registers: [registry],
  });
  const recovered = counter('recovered', 'Pairs that could have been lost, by what saved them.', [
    'client',
    'way',
  ]);
  const deaths = counter('deaths', 'Grants that the provider ended.', ['client', 'cause']);
  const avoidable = counter('avoidable_losses', 'Lost answers that the provider would have given again.', [
    'client',
  ]);
  const spooled = counter(
    'spooled_answers',
    'Answers that the store refused, and that wait on this machine.',
    [],
  );
  const storeFailures = counter('store_failures', 'Failures of the store.', []);
  const dropped = counter('dropped_events', 'Events that no listener got in time.', []);
  const deliveries = counter('webhook_attempts', 'Ended attempts, and dropped messages.', [
    'endpoint',
    'outcome',
  ]);

  const providerOf = (client: string): string => clients.get(client)?.provider.name ?? 'unknown';
  for (const [client, { provider }] of clients) {
    for (const one of Object.keys(MEANINGS))
      refreshes.inc({ provider: provider.name, client, class: one }, 0);
    for (const way of RECOVERY_WAYS) recovered.inc({ client, way }, 0);
    for (const cause of CAUSES) deaths.inc({ client, cause }, 0);
    avoidable.inc({ client }, 0);
    durations.zero({ provider: provider.name });
  }
  for (const { name: endpoint } of endpoints)
    for (const outcome of OUTCOMES) deliveries.inc({ endpoint, outcome }, 0);

  return (event) => {
    switch (event.event) {
      case 'refresh.ended':
        refreshes.inc({ provider: providerOf(event.client), client: event.client, class: event.outcome });
        return durations.observe({ provider: providerOf(event.client) }, event.tookMs / 1000);
      case 'grant.recovered':
        return recovered.inc({ client: event.client, way: event.way });
      case 'grant.died':
        if (event.isAvoidable) avoidable.inc({ client: event.client });
        return deaths.inc({ client: event.client, cause: event.cause });
      case 'answer.spooled':
        return spooled.inc();
      case 'events.dropped':
        return dropped.inc(event.count);
      case 'store.failed':
        return storeFailures.inc();
      case 'webhook.delivered':
      case 'webhook.failed':
      case 'webhook.given_up':
      case 'webhook.dropped':
        return deliveries.inc({ endpoint: event.endpoint, outcome: event.event.slice('webhook.'.length) });
      case 'connect.ended':
      case 'answer.saved_late':
      case 'pair.revoked':
      case 'service_key.refused':
      case 'refresh.failed':
      case 'listener.failed':
      case 'quarantine':
    }
  };
};
