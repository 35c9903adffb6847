import type { StoredEvent } from '../stores/store.ts';
import { describeSpan } from './describe-span.ts';
import { CAUSES } from './explain-state.ts';

/** What the provider did, by the result of a revocation. */
const REVOCATION_ENDS = {
  revoked: 'The provider has revoked',
  refused: 'The provider did not revoke',
  not_offered: 'The provider has no way to revoke',
} as const;

/** What happened, as one sentence for people. */
export const describeEvent = ({ event, atMs }: Pick<StoredEvent, 'event' | 'atMs'>): string => {
  switch (event.kind) {
    case 'needs_consent':
      return `${CAUSES[event.cause]}: the owner must consent again.`;
    case 'at_risk':
      return `The last refresh is in doubt; the access token works until ${timeOf(event.deadlineMs)}.`;
    case 'recovered':
      return 'It works again.';
    case 'expiring':
      return `The refresh token ends in ${event.daysLeft} d, and could not be refreshed.`;
    case 'revocation_ended':
      return `${REVOCATION_ENDS[event.result]} the pair of ${event.connection}, which was disconnected (${event.outcome}).`;
    case 'client.misconfigured':
      return `The provider refuses the client ${event.client} (${event.code}).`;
    case 'client.recovered':
      return `The provider accepts the client ${event.client} again.`;
    case 'client.throttled':
      return `The provider asked ${event.client} for a pause until ${timeOf(event.untilMs)}.`;
    case 'client.outage':
      return `The provider of ${event.client} cannot be reached (${event.code}).`;
    case 'client.outage_ended':
      return `The provider of ${event.client} answers again, after ${describeSpan(atMs - event.sinceMs)}.`;
    case 'client.clock_skewed':
      return `The clock of the provider of ${event.client} is ${Math.abs(Math.round(event.skewMs / 1000))} s ${event.skewMs > 0 ? 'ahead of' : 'behind'} ours.`;
    case 'provider.surprise':
      return `The provider of ${event.client} behaves unlike its profile: ${event.fact} is ${event.seen}, and ${event.expected ?? 'nothing'} was expected.`;
  }
};

const timeOf = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
