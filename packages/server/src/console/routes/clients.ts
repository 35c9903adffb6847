import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { clientPage } from '../pages/client-page.ts';
import { clientsPage } from '../pages/clients-page.ts';
import { readClient, readClients } from '../read-clients.ts';
import type { Health } from '../pages/health.ts';
import type { ConsolePages, ConsoleRoute } from './console-route.ts';

const clientIdOf = ({ path }: ConsoleVisit) => ({ clientId: path['clientId'] ?? '' });
const showClient = async (
  visit: ConsoleVisit,
  { uses }: ConsolePages,
  made?: { readonly clientSecret: string },
): Promise<ConsolePage> => {
  const client = await readClient(visit, visit.path['clientId'] ?? '');
  const health = await visit.call<Health>('GET /clients/{clientId}/health', { path: clientIdOf(visit) });
  const counted = { uses: uses.read(client.clientId, visit.nowMs), health };
  return clientPage(visit, client, made === undefined ? counted : { ...counted, made });
};

const CLIENT = '^/console/clients/(?<clientId>[\\w.~-]{1,200})';

const changeClient = (name: string, bodyOf: (visit: ConsoleVisit) => object): ConsoleRoute => ({
  method: 'POST',
  pattern: new RegExp(`${CLIENT}/${name}$`),
  async handle(visit) {
    const body = { ...bodyOf(visit), reason: visit.form.get('reason') ?? '' };
    await visit.call('PATCH /clients/{clientId}', { path: clientIdOf(visit), body });
    return `/console/clients/${visit.path['clientId'] ?? ''}?done=changed`;
  },
});

/** Clients, their secrets and their redirect URIs. */
export const CLIENT_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/clients$/,
    async handle(visit) {
      const { query } = visit.request;
      const text = (query.get('text') ?? '').trim();
      const after = query.get('after') ?? '';
      return clientsPage(visit, {
        ...(await readClients(visit, { text, after })),
        text,
        isLater: after !== '',
      });
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`${CLIENT}$`),
    async handle(visit, context) {
      const done = visit.request.query.get('done');
      const { done: notices } = visit.texts.client;
      const notice = done === 'removed' || done === 'changed' ? notices[done] : undefined;
      return { ...(await showClient(visit, context)), notice };
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${CLIENT}/secrets$`),
    async handle(visit, context) {
      const { form } = visit;
      const days = form.get('days') ?? '';
      const overlap = form.get('overlap') ?? '';
      const made = await visit.call<{ readonly clientSecret: string }>('POST /clients/{clientId}/secrets', {
        path: clientIdOf(visit),
        // A reload of the page with the secret must not make another one.
        key: form.get('once'),
        body: {
          name: form.get('name') ?? '',
          ...(days !== '' && { expiresInSeconds: Math.round(Number(days) * 86_400) }),
          ...(overlap !== '' && { overlapSeconds: Math.round(Number(overlap) * 86_400) }),
          reason: form.get('reason') ?? '',
        },
      });
      return showClient(visit, context, made);
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${CLIENT}/secrets/(?<secretId>[\\w-]{1,100})/remove$`),
    async handle(visit) {
      const { clientId = '', secretId = '' } = visit.path;
      await visit.call('DELETE /clients/{clientId}/secrets/{secretId}', {
        path: { clientId, secretId },
        body: { reason: visit.form.get('reason') ?? '' },
      });
      return `/console/clients/${clientId}?done=removed`;
    },
  },
  changeClient('disable', () => ({ isDisabled: true })),
  changeClient('enable', () => ({ isDisabled: false })),
  changeClient('redirect-uris', ({ form }) => ({ addedRedirectUris: [form.get('uri') ?? ''] })),
  changeClient('redirect-uris/remove', ({ form }) => ({ removedRedirectUris: [form.get('uri') ?? ''] })),
];
