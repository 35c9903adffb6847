import type { viewAttempt, viewDelivery, viewWebhook } from '../../admin/api/views.ts';
import { GRANT_EVENT_KINDS } from '../../outbox/grant-event.ts';
import { readDeliveryError } from '../../outbox/delivery-error.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { readClients } from '../read-clients.ts';
import { attemptsPage } from '../pages/attempts-page.ts';
import { eventField } from '../pages/webhook-forms.ts';
import { webhooksPage } from '../pages/webhooks-page.ts';
import type { ConsoleRoute } from './console-route.ts';

type Webhook = ReturnType<typeof viewWebhook>;
type Shown = Webhook & { readonly secret: string | null };
type Deliveries = {
  readonly deliveries: readonly ReturnType<typeof viewDelivery>[];
  readonly next: string | null;
};

const DELIVERIES_SHOWN = '50';

/** A developer sees deliveries webhook by webhook: there are few, and none of other clients. Only one list has pages. */
const readDeliveries = async (visit: ConsoleVisit, webhooks: readonly Webhook[]): Promise<Deliveries> => {
  const isDeveloper = visit.session.operator.role === 'developer';
  const ids = isDeveloper ? webhooks.map(({ webhookId }) => webhookId) : [undefined];
  const after = ids.length === 1 ? (visit.request.query.get('after') ?? '') : '';
  const lists = await Promise.all(
    ids.map((webhookId) =>
      visit.call<Deliveries>('GET /deliveries', { query: { limit: DELIVERIES_SHOWN, after, webhookId } }),
    ),
  );
  const [only, ...others] = lists;
  if (only !== undefined && others.length === 0) return only;
  const deliveries = lists
    .flatMap((list) => list.deliveries)
    .sort((left, right) => right.event.sequence - left.event.sequence)
    .slice(0, Number(DELIVERIES_SHOWN));
  return { deliveries, next: null };
};

const showWebhooks = async (visit: ConsoleVisit, made?: Shown): Promise<ConsolePage> => {
  type Webhooks = { readonly webhooks: readonly Webhook[] };
  const { webhooks } = await visit.call<Webhooks>('GET /webhooks');
  const choice = visit.may('webhooks.write') ? await readClients(visit) : { clients: [], next: null };
  return webhooksPage(visit, {
    webhooks,
    ...(await readDeliveries(visit, webhooks)),
    // Nobody chooses from a list of hundreds: then the id is typed.
    clients: choice.next === null ? choice.clients : undefined,
    made,
  });
};

const eventsOf = ({ form }: ConsoleVisit): readonly string[] =>
  GRANT_EVENT_KINDS.filter((kind) => form.get(eventField(kind)) === 'yes');

const WEBHOOK = '^/console/webhooks/(?<webhookId>[\\w-]{1,100})';

const pathOf = ({ path }: ConsoleVisit) => ({ webhookId: path['webhookId'] ?? '' });
const reasonOf = ({ form }: ConsoleVisit): string => form.get('reason') ?? '';

/** Webhooks and their deliveries. */
export const WEBHOOK_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/webhooks$/,
    handle: async (visit) => ({ ...(await showWebhooks(visit)), notice: noticeOfWebhooks(visit) }),
  },
  {
    method: 'POST',
    pattern: /^\/console\/webhooks$/,
    async handle(visit) {
      const { form } = visit;
      const clientId = form.get('clientId') ?? '';
      const made = await visit.call<Shown>('POST /webhooks', {
        // A reload of the page with the secret must not add another one.
        key: form.get('once'),
        body: {
          url: (form.get('url') ?? '').trim(),
          format: form.get('format') ?? '',
          ...(clientId !== '' && { clientId }),
          events: eventsOf(visit),
          reason: reasonOf(visit),
        },
      });
      return showWebhooks(visit, made);
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`${WEBHOOK}/deliveries/(?<sequence>\\d{1,16})$`),
    async handle(visit) {
      type Attempted = {
        readonly delivery: ReturnType<typeof viewDelivery>;
        readonly attempts: readonly ReturnType<typeof viewAttempt>[];
      };
      const { webhookId = '', sequence = '' } = visit.path;
      const name = 'GET /webhooks/{webhookId}/deliveries/{sequence}/attempts';
      const attempted = await visit.call<Attempted>(name, { path: { webhookId, sequence } });
      const webhook = await visit.call<Webhook>('GET /webhooks/{webhookId}', { path: { webhookId } });
      return attemptsPage(visit, { webhook, ...attempted });
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${WEBHOOK}/change$`),
    async handle(visit) {
      const { form } = visit;
      const { url: before } = await visit.call<Webhook>('GET /webhooks/{webhookId}', { path: pathOf(visit) });
      const url = (form.get('url') ?? '').trim();
      await visit.call('PATCH /webhooks/{webhookId}', {
        path: pathOf(visit),
        body: {
          ...(url !== before && { url }),
          events: eventsOf(visit),
          ...(form.get('enable') === 'yes' && { isEnabled: true }),
          reason: reasonOf(visit),
        },
      });
      return '/console/webhooks?done=changed';
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${WEBHOOK}/remove$`),
    async handle(visit) {
      await visit.call('DELETE /webhooks/{webhookId}', {
        path: pathOf(visit),
        body: { reason: reasonOf(visit) },
      });
      return '/console/webhooks?done=removed';
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${WEBHOOK}/secret$`),
    async handle(visit) {
      const about = { path: pathOf(visit), body: { reason: reasonOf(visit) } };
      return showWebhooks(visit, await visit.call<Shown>('POST /webhooks/{webhookId}/secret', about));
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
const noticeOfWebhooks = ({ request, texts, language }: ConsoleVisit): string | undefined => {
  const done = request.query.get('done');
  // An address is easily made by somebody else: no more than a short line of plain characters.
  const value = (request.query.get('value') ?? '').slice(0, 100).replaceAll(/[^\w .:-]/g, ' ');
  const { done: notices } = texts.webhooks;
  return done !== null && Object.hasOwn(notices, done)
    ? notices[done as keyof typeof notices](readDeliveryError(value)[language])
    : undefined;
};
