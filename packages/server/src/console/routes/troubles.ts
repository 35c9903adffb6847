import type { viewClient, viewEvent } from '../../admin/api/views.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { livePage } from '../pages/live-page.ts';
import { REPLAY_DAYS, troublesPage } from '../pages/troubles-page.ts';
import type { ConsoleRoute } from './console-route.ts';

type Client = ReturnType<typeof viewClient>;
type Events = { readonly events: readonly ReturnType<typeof viewEvent>[]; readonly next: string | null };

/** Troubles are counted over at most so many events. */
const EVENTS_COUNTED = 2000;
const PAGE_MAX = 200;

/** The replays of the last days, as far as they are among the newest events. */
const readReplays = async (visit: ConsoleVisit) => {
  const since = new Date(visit.nowMs - REPLAY_DAYS * 86_400_000).toISOString();
  const replays: Events['events'][number][] = [];
  let after: string | undefined;
  for (let looked = 0; looked < EVENTS_COUNTED; looked += PAGE_MAX) {
    const query = { since, limit: String(PAGE_MAX), after };
    const page = await visit.call<Events>('GET /events', { query });
    replays.push(...page.events.filter(({ kind }) => kind === 'grant.replayed'));
    if (page.next === null) return { replays, isPartial: false };
    after = page.next;
  }
  return { replays, isPartial: true };
};

/** What went wrong, and what happens now. */
export const TROUBLE_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/troubles$/,
    async handle(visit, { refusals }) {
      const { clients } = await visit.call<{ readonly clients: readonly Client[] }>('GET /clients');
      const observers = clients.filter(({ policy }) => policy.onReplay === 'observe');
      return troublesPage(visit, {
        ...(await readReplays(visit)),
        refusals: refusals.list(visit.nowMs).slice(0, 100),
        clientNames: new Map(clients.map(({ clientId, name }) => [clientId, name === '' ? clientId : name])),
        observers: new Set(observers.map(({ clientId }) => clientId)),
      });
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/live$/,
    async handle(visit) {
      const { query } = visit.request;
      return livePage(visit, { clientId: query.get('clientId') ?? '', grantId: query.get('grantId') ?? '' });
    },
  },
];
