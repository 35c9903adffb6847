import { readTroubles, TROUBLE_KINDS, TROUBLE_SPANS } from '../../../operations/read-troubles.ts';
import type { TroubleKind, TroubleSearch, TroubleSpanName } from '../../../operations/read-troubles.ts';
import type { ApiRoute } from '../api-route.ts';
import { oneOf, TEXT } from '../fields.ts';
import { Problem } from '../problem.ts';
import { isoOf, viewTrouble } from '../views.ts';
import { limitOf, momentOf, PAGE_FIELDS } from './paging.ts';

export const TROUBLE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/troubles',
    tag: 'Events',
    summary: 'Counts refusals and replays of all nodes by cause and client over time, the most first',
    permission: 'events.read',
    own: { by: 'client in the query' },
    query: {
      kind: { schema: oneOf(TROUBLE_KINDS), purpose: 'Which; both if it is absent.' },
      span: {
        schema: oneOf(Object.keys(TROUBLE_SPANS)),
        purpose: 'The last 24 hours by hour, or the last 30 days of UTC by day; `day` if it is absent.',
      },
      since: {
        schema: TEXT,
        purpose:
          'Instead of `span`: from the hour of this moment on, ISO 8601; beyond 48 hours from its day of UTC on, by day.',
      },
      clientId: { schema: TEXT, purpose: 'Only of this client.' },
      limit: PAGE_FIELDS.limit,
    },
    answers: { status: 200, schema: 'TroubleList' },
    async handle(context, { query }) {
      // What this node counted in the last seconds is not in the store yet.
      await context.settleTroubles();
      const { kind, clientId } = query as { readonly kind?: TroubleKind; readonly clientId?: string };
      const search = { kind, clientId, from: fromOf(query), limit: limitOf(query) };
      const { groups, isMore, fromMs, partMs } = await readTroubles(context, search);
      return {
        status: 200,
        body: {
          from: isoOf(fromMs),
          partSeconds: partMs / 1000,
          troubles: groups.map(viewTrouble),
          isPartial: isMore,
        },
      };
    },
  },
];

/** Throws `Problem`. */
const fromOf = (query: Readonly<Record<string, unknown>>): TroubleSearch['from'] => {
  const sinceMs = momentOf('since', query['since']);
  if (sinceMs === undefined) return { span: (query['span'] as TroubleSpanName | undefined) ?? 'day' };
  if (query['span'] !== undefined)
    throw new Problem('request_invalid', {
      en: 'since and span exclude each other',
      ko: 'since와 span은 함께 쓸 수 없습니다.',
    });
  return { sinceMs };
};
