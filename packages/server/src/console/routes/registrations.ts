import { registrationsPage } from '../pages/registrations-page.ts';
import type { WaitingPage } from '../pages/registrations-page.ts';
import type { ConsoleRoute } from './console-route.ts';

/** Each has all that it asks for. */
const REGISTRATIONS_SHOWN = '20';

const decision = (name: 'approve' | 'refuse'): ConsoleRoute => ({
  method: 'POST',
  pattern: new RegExp(`^/console/registrations/(?<clientId>[\\w.~-]{1,200})/${name}$`),
  async handle(visit) {
    const { form, path } = visit;
    await visit.call(`POST /registrations/{clientId}/${name}`, {
      path: { clientId: path['clientId'] ?? '' },
      body: { seen: Number(form.get('seen')), reason: form.get('reason') ?? '' },
    });
    return `/console/registrations?done=${name}`;
  },
});

/** Clients that registered themselves and wait. */
export const REGISTRATION_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/registrations$/,
    async handle(visit) {
      const { query } = visit.request;
      const after = query.get('after') ?? '';
      const waiting = await visit.call<WaitingPage>('GET /registrations', {
        query: { after, limit: REGISTRATIONS_SHOWN },
      });
      const done = query.get('done');
      const { done: notices } = visit.texts.registrations;
      const notice = done === 'approve' || done === 'refuse' ? notices[done] : undefined;
      return { ...registrationsPage(visit, waiting), notice };
    },
  },
  decision('approve'),
  decision('refuse'),
];
