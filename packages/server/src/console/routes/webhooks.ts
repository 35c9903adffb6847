import type { viewAttempt, viewDelivery, viewWebhook } from '../../admin/api/views.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { attemptsPage } from '../pages/attempts-page.ts';
import { webhooksPage } from '../pages/webhooks-page.ts';
import type { ConsoleRoute } from './console-route.ts';

/** Webhooks and their deliveries. */
export const WEBHOOK_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/webhooks$/,
    async handle(visit) {
      type Webhooks = { readonly webhooks: readonly ReturnType<typeof viewWebhook>[] };
      type Deliveries = {
        readonly deliveries: readonly ReturnType<typeof viewDelivery>[];
        readonly next: string | null;
      };
      const { webhooks } = await visit.call<Webhooks>('GET /webhooks');
      const query = { limit: '50', after: visit.request.query.get('after') ?? '' };
      const { deliveries, next } = await visit.call<Deliveries>('GET /deliveries', { query });
      return { ...webhooksPage(visit, { webhooks, deliveries, next }), notice: noticeOfWebhooks(visit) };
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/webhooks\/(?<webhookId>[\w-]{1,100})\/deliveries\/(?<sequence>\d{1,16})$/,
    async handle(visit) {
      type Attempts = { readonly attempts: readonly ReturnType<typeof viewAttempt>[] };
      const { webhookId = '', sequence = '' } = visit.path;
      const name = 'GET /webhooks/{webhookId}/deliveries/{sequence}/attempts';
      const { attempts } = await visit.call<Attempts>(name, { path: { webhookId, sequence } });
      return attemptsPage(visit, attempts);
    },
  },
  {
    method: 'POST',
    pattern: /^\/console\/webhooks\/(?<webhookId>[\w-]{1,100})\/(?<verb>retry|test)$/,
    async handle(visit) {
      const { webhookId = '', verb = '' } = visit.path;
      type Done = { readonly due?: number; readonly status?: number | null; readonly error?: string | null };
      const done = await visit.call<Done>(`POST /webhooks/{webhookId}/${verb}`, {
        path: { webhookId },
        body: { reason: visit.form.get('reason') ?? '' },
      });
      const [name, value]: readonly [string, string | number] =
        done.due !== undefined
          ? ['retried', done.due]
          : done.status
            ? ['tested', done.status]
            : ['failed', done.error ?? ''];
      return `/console/webhooks?${new URLSearchParams({ done: name, value: String(value).slice(0, 100) }).toString()}`;
    },
  },
];

/** What the address of the page says that was just done; the words are the console's own. */
const noticeOfWebhooks = ({ request, texts }: ConsoleVisit): string | undefined => {
  const done = request.query.get('done');
  // An address is easily made by somebody else: no more than a short line of plain characters.
  const value = (request.query.get('value') ?? '').slice(0, 100).replaceAll(/[^\w .:-]/g, ' ');
  const { done: notices } = texts.webhooks;
  return done === 'retried' || done === 'tested' || done === 'failed' ? notices[done](value) : undefined;
};
