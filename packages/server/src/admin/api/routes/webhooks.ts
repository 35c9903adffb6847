import { DELIVERY_STATES, writeDeliveryPlace } from '../../../outbox/delivery.ts';
import type { DeliveryState } from '../../../outbox/delivery.ts';
import { GRANT_EVENT_KINDS } from '../../../outbox/grant-event.ts';
import type { GrantEventKind } from '../../../outbox/grant-event.ts';
import { STANDARD_FORMAT } from '../../../outbox/webhook.ts';
import type { Webhook } from '../../../outbox/webhook.ts';
import { newShortId } from '../../../operations/new-id.ts';
import { addWebhook } from '../../../operations/add-webhook.ts';
import { changeWebhook } from '../../../operations/change-webhook.ts';
import { readDelivery } from '../../../operations/read-delivery.ts';
import { readWebhook, readWebhookSecret } from '../../../operations/read-webhook.ts';
import { testWebhook } from '../../../operations/test-webhook.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiRoute, ApiVisit } from '../api-route.ts';
import { FLAG, oneOf, TEXT, textsOf } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { viewAttempt, viewDelivery, viewWebhook } from '../views.ts';
import { deliveryAfter, limitOf, PAGE_FIELDS } from './paging.ts';

const webhookOf = async (context: ApiContext, { path }: ApiVisit): Promise<Webhook> => {
  const webhook = await readWebhook(context, path['webhookId'] ?? '');
  if (webhook === undefined) throw notThere('webhook');
  return webhook;
};

const URL_FIELD = {
  schema: { type: 'string', minLength: 1, maxLength: 2000 },
  purpose: 'Where to post.',
} as const;
const EVENTS_FIELD = {
  schema: textsOf(oneOf(GRANT_EVENT_KINDS), GRANT_EVENT_KINDS.length),
  purpose: 'Which grant events.',
};

/** What the audit log says of a URL: its query may hold a secret. */
const hostOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : URL.canParse(url) ? new URL(url).host : '';

/** `null` where the format is not signed. */
const viewWithSecret = (context: ApiContext, webhook: Webhook) => ({
  ...viewWebhook(webhook, true),
  secret: readWebhookSecret(context, webhook) ?? null,
});

export const WEBHOOK_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/webhooks',
    tag: 'Webhooks',
    summary: 'Lists the webhooks, oldest first',
    permission: 'webhooks.read',
    own: { by: 'list' },
    answers: { status: 200, schema: 'WebhookList' },
    async handle({ store }, visit) {
      const seesUrl = visit.may('webhooks.write');
      const webhooks = (await store.listWebhooks()).filter(({ clientId }) => visit.isOwn(clientId));
      return { status: 200, body: { webhooks: webhooks.map((one) => viewWebhook(one, seesUrl)) } };
    },
  },
  {
    method: 'POST',
    path: '/webhooks',
    tag: 'Webhooks',
    summary: 'Adds a webhook, and shows the secret of its receiver',
    permission: 'webhooks.write',
    own: { by: 'client in the body', fields: ['url', 'format', 'clientId', 'events'] },
    action: 'webhook.add',
    body: {
      url: { ...URL_FIELD, isRequired: true },
      format: { schema: TEXT, purpose: `The form of its messages; ${STANDARD_FORMAT} if it is absent.` },
      clientId: { schema: TEXT, purpose: 'Only events of this client.' },
      events: EVENTS_FIELD,
      isHttpAllowed: { schema: FLAG, purpose: 'Whether a URL without TLS is accepted.' },
    },
    answers: { status: 201, schema: 'WebhookWithSecret' },
    async handle(context, visit) {
      const {
        url,
        format = STANDARD_FORMAT,
        clientId,
        events,
        isHttpAllowed = false,
      } = visit.body as {
        readonly url: string;
        readonly format?: string;
        readonly clientId?: string;
        readonly events?: readonly GrantEventKind[];
        readonly isHttpAllowed?: boolean;
      };
      const id = newShortId(context.randomness);
      const added = await visit.write(
        () => addWebhook(context, { url, format, clientId, kinds: events, isHttpAllowed, id }),
        ({ outcome }) => (outcome === 'added' ? undefined : outcome),
        { target: `webhook:${id}`, details: { format, clientId, events, host: hostOf(url) } },
      );
      if (added.outcome === 'invalid') throw new Problem('body_invalid', added.fault);
      if (added.outcome === 'client_unknown') throw new Problem('body_invalid', ...notThere('client').faults);
      if (added.outcome === 'too_many')
        throw new Problem('too_many', { en: 'remove a webhook first', ko: '먼저 웹훅을 하나 제거하세요.' });
      return { status: 201, body: viewWithSecret(context, added.webhook) };
    },
  },
  {
    method: 'GET',
    path: '/webhooks/{webhookId}',
    tag: 'Webhooks',
    summary: 'Shows a webhook',
    permission: 'webhooks.read',
    own: { by: 'webhook in the path' },
    answers: { status: 200, schema: 'Webhook' },
    handle: async (context, visit) => ({
      status: 200,
      body: viewWebhook(await webhookOf(context, visit), visit.may('webhooks.write')),
    }),
  },
  {
    method: 'PATCH',
    path: '/webhooks/{webhookId}',
    tag: 'Webhooks',
    summary: 'Changes a webhook; what is absent stays, its secret too',
    permission: 'webhooks.write',
    own: { by: 'webhook in the path', fields: ['url', 'events', 'isEnabled'] },
    action: 'webhook.change',
    body: {
      url: { ...URL_FIELD, purpose: 'Where to post; outstanding deliveries go there too.' },
      events: EVENTS_FIELD,
      isEnabled: {
        schema: { type: 'boolean', enum: [true] },
        purpose: 'Enables it again after its receiver answered 410.',
      },
      isHttpAllowed: { schema: FLAG, purpose: 'Whether a URL without TLS is accepted.' },
    },
    answers: { status: 200, schema: 'Webhook' },
    async handle(context, visit) {
      const webhook = await webhookOf(context, visit);
      const {
        url,
        events: kinds,
        isEnabled,
        isHttpAllowed = false,
      } = visit.body as {
        readonly url?: string;
        readonly events?: readonly GrantEventKind[];
        readonly isEnabled?: true;
        readonly isHttpAllowed?: boolean;
      };
      const changed = await visit.write(
        () => changeWebhook(context, webhook.id, { url, kinds, isEnabled, isHttpAllowed }),
        ({ outcome }) => (outcome === 'changed' ? undefined : outcome),
        { target: `webhook:${webhook.id}`, details: { events: kinds, isEnabled, host: hostOf(url) } },
      );
      if (changed.outcome === 'invalid') throw new Problem('body_invalid', changed.fault);
      if (changed.outcome === 'unknown') throw notThere('webhook');
      return { status: 200, body: viewWebhook(changed.webhook, true) };
    },
  },
  {
    method: 'POST',
    path: '/webhooks/{webhookId}/secret',
    tag: 'Webhooks',
    summary: 'Shows the secret with which the receiver of a webhook verifies its messages',
    permission: 'webhooks.secret',
    own: { by: 'webhook in the path' },
    action: 'webhook.secret',
    body: {},
    answers: { status: 200, schema: 'WebhookWithSecret' },
    async handle(context, visit) {
      const webhook = await webhookOf(context, visit);
      const body = await visit.write(
        async () => viewWithSecret(context, webhook),
        () => undefined,
        { target: `webhook:${webhook.id}` },
      );
      return { status: 200, body };
    },
  },
  {
    method: 'DELETE',
    path: '/webhooks/{webhookId}',
    tag: 'Webhooks',
    summary: 'Removes a webhook and its outstanding deliveries',
    permission: 'webhooks.write',
    own: { by: 'webhook in the path' },
    action: 'webhook.remove',
    answers: { status: 204 },
    async handle(context, visit) {
      const { id } = await webhookOf(context, visit);
      await visit.write(
        () => context.store.removeWebhook(id),
        (outcome) => (outcome === 'removed' ? undefined : outcome),
        { target: `webhook:${id}` },
      );
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/webhooks/{webhookId}/test',
    tag: 'Webhooks',
    summary: 'Sends a test message now, once',
    permission: 'webhooks.write',
    own: { by: 'webhook in the path' },
    action: 'webhook.test',
    body: {},
    answers: { status: 200, schema: 'WebhookTested' },
    async handle(context, visit) {
      const webhook = await webhookOf(context, visit);
      context.limits.noteWebhookTest(webhook.id);
      const answer = await visit.write(
        () => testWebhook(context, webhook),
        () => undefined,
        { target: `webhook:${webhook.id}` },
      );
      return {
        status: 200,
        body: { status: answer.status ?? null, error: answer.status === undefined ? answer.error : null },
      };
    },
  },
  {
    method: 'POST',
    path: '/webhooks/{webhookId}/retry',
    tag: 'Webhooks',
    summary: 'Makes every delivery due that has not succeeded, those given up among them',
    permission: 'webhooks.write',
    own: { by: 'webhook in the path' },
    action: 'webhook.retry',
    body: {},
    answers: { status: 200, schema: 'WebhookRetried' },
    async handle(context, visit) {
      const { id } = await webhookOf(context, visit);
      const due = await visit.write(
        () => context.store.retryDeliveries(id, context.clock()),
        () => undefined,
        { target: `webhook:${id}` },
      );
      return { status: 200, body: { due } };
    },
  },
  {
    method: 'GET',
    path: '/deliveries',
    tag: 'Webhooks',
    summary: 'Lists deliveries, newest grant event first',
    permission: 'webhooks.read',
    own: { by: 'webhook in the query' },
    query: {
      ...PAGE_FIELDS,
      webhookId: { schema: TEXT, purpose: 'To this webhook.' },
      state: { schema: oneOf(DELIVERY_STATES), purpose: 'In this state.' },
    },
    answers: { status: 200, schema: 'DeliveryList' },
    async handle({ store }, visit) {
      const { webhookId, state } = visit.query as {
        readonly webhookId?: string;
        readonly state?: DeliveryState;
      };
      const states = state === undefined ? DELIVERY_STATES : [state];
      const limit = limitOf(visit.query);
      const after = deliveryAfter(visit.query);
      const found = await store.listDeliveries({ webhookId, states, limit: limit + 1, after });
      const deliveries = found.slice(0, limit);
      const seesOwners = visit.may('owners.read');
      const last = found.length > limit ? deliveries.at(-1) : undefined;
      return {
        status: 200,
        body: {
          deliveries: deliveries.map((one) => viewDelivery(one, seesOwners)),
          next: last === undefined ? null : writeDeliveryPlace(last),
        },
      };
    },
  },
  {
    method: 'GET',
    path: '/webhooks/{webhookId}/deliveries/{sequence}/attempts',
    tag: 'Webhooks',
    summary: 'Shows the delivery of a grant event with its newest attempts, oldest first',
    permission: 'webhooks.read',
    own: { by: 'webhook in the path' },
    answers: { status: 200, schema: 'AttemptList' },
    async handle(context, visit) {
      const { id: webhookId } = await webhookOf(context, visit);
      const { sequence = '' } = visit.path;
      if (!/^\d{1,16}$/.test(sequence))
        throw new Problem('not_found', {
          en: 'a grant event has a number',
          ko: '그랜트 사건은 번호로 지정합니다.',
        });
      const details = await readDelivery(context, { webhookId, sequence: Number(sequence) });
      if (details === undefined)
        throw new Problem('not_found', {
          en: 'there is no such delivery: it goes with its grant event',
          ko: '해당하는 전송이 없습니다. 전송은 그랜트 사건과 함께 지워집니다.',
        });
      const { delivery, attempts } = details;
      const shown = viewDelivery(delivery, visit.may('owners.read'));
      return { status: 200, body: { delivery: shown, attempts: attempts.map(viewAttempt) } };
    },
  },
];
