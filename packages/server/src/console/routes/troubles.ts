import { Problem } from '../../admin/api/problem.ts';
import type { viewEvent, viewTrouble } from '../../admin/api/views.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { livePage } from '../pages/live-page.ts';
import { troublesPage } from '../pages/troubles-page.ts';
import type { ConsoleRoute } from './console-route.ts';

type Events = { readonly events: readonly ReturnType<typeof viewEvent>[] };
type Troubles = { readonly troubles: readonly ReturnType<typeof viewTrouble>[]; readonly isPartial: boolean };

/** The replays whose connections are linked. */
const REPLAYS_READ = '200';
const GROUPS_SHOWN = '50';

const readTroubles = (visit: ConsoleVisit, kind: string, span: string) =>
  visit.call<Troubles>('GET /troubles', { query: { kind, span, limit: GROUPS_SHOWN } });

/** What went wrong, and what happens now. */
export const TROUBLE_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/troubles$/,
    async handle(visit) {
      // It is about every client. A developer reads of an own one on its page.
      if (visit.session.operator.role === 'developer') throw new Problem('not_permitted');
      const newest = { kind: 'grant.replayed', limit: REPLAYS_READ };
      const { events } = await visit.call<Events>('GET /events', { query: newest });
      return troublesPage(visit, {
        replays: await readTroubles(visit, 'replays', 'month'),
        refusals: await readTroubles(visit, 'refusals', 'day'),
        replayed: events,
      });
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/live$/,
    async handle(visit) {
      const { query } = visit.request;
      const { clientIds: [first = ''] = [] } = visit.session.operator;
      return livePage(visit, {
        clientId: query.get('clientId') ?? first,
        grantId: query.get('grantId') ?? '',
      });
    },
  },
];
