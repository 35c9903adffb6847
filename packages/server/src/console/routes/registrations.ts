import type { viewWaiting } from '../../admin/api/views.ts';
import { registrationsPage } from '../pages/registrations-page.ts';
import type { ConsoleRoute } from './console-route.ts';

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
      type Waiting = { readonly registrations: readonly ReturnType<typeof viewWaiting>[] };
      const { registrations } = await visit.call<Waiting>('GET /registrations');
      const done = visit.request.query.get('done');
      const { done: notices } = visit.texts.registrations;
      const notice = done === 'approve' || done === 'refuse' ? notices[done] : undefined;
      return { ...registrationsPage(visit, registrations), notice };
    },
  },
  decision('approve'),
  decision('refuse'),
];
