import { readTroubles, TROUBLE_SPANS } from '../../../operations/read-troubles.ts';
import type { TroubleKind, TroubleSpanName } from '../../../operations/read-troubles.ts';
import type { ApiRoute } from '../api-route.ts';
import { oneOf, TEXT } from '../fields.ts';
import { isoOf, viewTrouble } from '../views.ts';
import { limitOf, PAGE_FIELDS } from './paging.ts';

export const TROUBLE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/troubles',
    tag: 'Events',
    summary: 'Counts refusals or replays of all nodes by cause and client over time, the most first',
    permission: 'events.read',
    own: { by: 'client in the query' },
    query: {
      kind: { schema: oneOf(['refusals', 'replays']), purpose: 'Which; refusals if it is absent.' },
      span: {
        schema: oneOf(Object.keys(TROUBLE_SPANS)),
        purpose: 'The last 24 hours by hour, or the last 30 days by day; `day` if it is absent.',
      },
      clientId: { schema: TEXT, purpose: 'Only of this client.' },
      limit: PAGE_FIELDS.limit,
    },
    answers: { status: 200, schema: 'TroubleList' },
    async handle(context, { query }) {
      // What this node counted in the last seconds is not in the store yet.
      await context.settleTroubles();
      const {
        kind = 'refusals',
        span = 'day',
        clientId,
      } = query as {
        readonly kind?: TroubleKind;
        readonly span?: TroubleSpanName;
        readonly clientId?: string;
      };
      const { groups, fromMs, partMs } = await readTroubles(context, {
        kind,
        span,
        clientId,
        limit: limitOf(query),
      });
      return {
        status: 200,
        body: { from: isoOf(fromMs), partSeconds: partMs / 1000, troubles: groups.map(viewTrouble) },
      };
    },
  },
];
