import { StoreError } from '../../../errors.ts';
import { findGrantEvents } from '../../../operations/find-grant-events.ts';
import { GRANT_EVENT_KINDS } from '../../../outbox/grant-event.ts';
import type { GrantEventKind } from '../../../outbox/grant-event.ts';
import { readGrantId, writeGrantId } from '../../../tokens/grant-id.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiRoute, ApiVisit } from '../api-route.ts';
import { oneOf, TEXT } from '../fields.ts';
import { Problem } from '../problem.ts';
import { viewLogEvent } from '../live-event.ts';
import { viewEvent } from '../views.ts';
import type { AdminStream } from '../../exchange.ts';
import { GRANT_ID_FORM, limitOf, momentOf, PAGE_FIELDS, sequenceAfter } from './paging.ts';

const LIVE_FIELDS = {
  clientId: { schema: TEXT, purpose: 'Only events of this client.' },
  grantId: { schema: TEXT, purpose: 'Only events of this grant.' },
} as const;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Records the look at the grant that a query names, and answers its id. Throws `Problem` and `StoreError`. */
const lookAtNamed = async (
  visit: ApiVisit,
  details: Readonly<Record<string, true>>,
): Promise<GrantId | undefined> => {
  const named = text(visit.query['grantId']);
  if (named === undefined) return undefined;
  const grantId = readGrantId(named);
  if (grantId === undefined) throw new Problem('request_invalid', GRANT_ID_FORM);
  await visit.look(`grant:${writeGrantId(grantId)}`, details);
  return grantId;
};

export const EVENT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/events',
    tag: 'Events',
    summary: 'Lists grant events; they are kept as long as the retention says',
    permission: 'events.read',
    own: { by: 'client in the query' },
    query: {
      ...PAGE_FIELDS,
      ...LIVE_FIELDS,
      requestId: { schema: TEXT, purpose: 'Caused by this request.' },
      kind: { schema: oneOf(GRANT_EVENT_KINDS), purpose: 'Only events of this kind.' },
      since: { schema: TEXT, purpose: 'From this moment on, ISO 8601.' },
      first: { schema: oneOf(['newest', 'oldest']), purpose: 'The order; newest if it is absent.' },
    },
    answers: { status: 200, schema: 'EventList' },
    async handle(context, visit) {
      const { query } = visit;
      const grantId = await lookAtNamed(visit, { events: true });
      const search = {
        grantId,
        clientId: text(query['clientId']),
        requestId: text(query['requestId']),
        kind: query['kind'] as GrantEventKind | undefined,
        sinceMs: momentOf('since', query['since']),
      };
      const first = query['first'] === 'oldest' ? 'oldest' : 'newest';
      const page = { after: sequenceAfter(query), limit: limitOf(query), first } as const;
      const { events, next } = await findGrantEvents(context, search, page);
      const seesOwners = visit.may('owners.read');
      return {
        status: 200,
        body: {
          events: events.map((event) => viewEvent(event, seesOwners)),
          next: next === undefined ? null : String(next),
        },
      };
    },
  },
  {
    method: 'GET',
    path: '/events/live',
    tag: 'Events',
    summary: 'Sends the log events of this node as they happen, as server-sent events',
    permission: 'events.read',
    own: { by: 'client in the query' },
    query: LIVE_FIELDS,
    answers: { status: 200, type: 'text/event-stream' },
    async handle(context, visit) {
      const grantId = await lookAtNamed(visit, { live: true });
      const run = followLive(context, visit, grantId === undefined ? undefined : writeGrantId(grantId));
      return { status: 200, stream: { type: 'text/event-stream', run } };
    },
  },
];

const ALIVE_EVERY_MS = 15_000;
/** Then the reader asks again. */
const STREAM_MAX_MS = 15 * 60_000;

/** Sends what the filter lets through until the reader leaves. */
const followLive =
  (context: ApiContext, visit: ApiVisit, grantId: string | undefined): AdminStream =>
  async ({ write, signal }) => {
    const { clientId } = visit.query;
    const sees = { owners: visit.may('owners.read'), machines: visit.may('machines.read') };
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve());
    // A key that was removed, or a session that was ended, reads no further. An outage of the store changes nothing.
    const endUnlessAllowed = async (): Promise<void> => {
      try {
        if (!(await visit.isStillAllowed())) resolve();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
    };
    // Proxies and browsers give up on a stream that says nothing.
    const alive = setInterval(() => {
      write(': alive\n\n');
      void endUnlessAllowed();
    }, ALIVE_EVERY_MS);
    const longest = setTimeout(resolve, STREAM_MAX_MS);
    const leave = context.follow((event, atMs) => {
      const about = event as unknown as Readonly<Record<string, unknown>>;
      if (clientId !== undefined && about['clientId'] !== clientId) return;
      if (grantId !== undefined && about['grantId'] !== grantId) return;
      const shown = { at: new Date(atMs).toISOString(), ...viewLogEvent(event, sees) };
      write(`data: ${JSON.stringify(shown)}\n\n`);
    });
    write(`retry: 3000\n: attached\n\n`);
    if (signal.aborted) resolve();
    await ended;
    leave();
    clearInterval(alive);
    clearTimeout(longest);
  };
