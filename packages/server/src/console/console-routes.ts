import type {
  viewClient,
  viewDelivery,
  viewDetails,
  viewEvent,
  viewGrant,
  viewKey,
  viewWebhook,
} from '../admin/api/views.ts';
import { Problem } from '../admin/api/problem.ts';
import { readGrantId } from '../tokens/grant-id.ts';
import type { entryToJson } from '../operators/audit-entry.ts';
import type { ConsolePage } from './console-page.ts';
import type { ConsoleVisit } from './console-visit.ts';
import { clientPage, clientsPage } from './pages/client-page.ts';
import { findPage } from './pages/find-page.ts';
import { grantPage } from './pages/grant-page.ts';
import { livePage } from './pages/live-page.ts';
import { auditPage, systemPage } from './pages/system-pages.ts';
import { REPLAY_DAYS, troublesPage } from './pages/troubles-page.ts';
import { webhooksPage } from './pages/webhooks-page.ts';
import type { RefusalCounts } from './troubles.ts';

/** A page of the console, or what a form of one does: then where the browser goes next. */
export type ConsoleRoute = {
  readonly method: 'GET' | 'POST';
  readonly pattern: RegExp;
  readonly handle: (
    visit: ConsoleVisit,
    context: { readonly refusals: RefusalCounts },
  ) => Promise<ConsolePage | string>;
};

type Client = ReturnType<typeof viewClient>;
type Grant = ReturnType<typeof viewGrant>;
type Details = ReturnType<typeof viewDetails> & Pick<Events, 'events'>;
type Events = { readonly events: readonly ReturnType<typeof viewEvent>[]; readonly next: string | null };
type Found = {
  readonly grants: readonly Grant[];
  readonly next: string | null;
  readonly token:
    | { readonly kind: 'refresh_token'; readonly generation: number; readonly wouldWork: boolean }
    | { readonly kind: 'access_token' }
    | null;
};

const GRANTS_SHOWN = '50';
/** Troubles are counted over at most so many events. */
const EVENTS_COUNTED = 2000;
const PAGE_MAX = 200;

const clientIdOf = ({ path }: ConsoleVisit) => ({ clientId: path['clientId'] ?? '' });

const showGrant = async (visit: ConsoleVisit, grantId: string, said?: string): Promise<ConsolePage> => {
  const path = { grantId };
  const grant = await visit.call<Details>('GET /grants/{grantId}', { path });
  const client = await visit.call<Client>('GET /clients/{clientId}', { path: { clientId: grant.clientId } });
  return grantPage(visit, { grant, events: grant.events, client, said });
};

const GRANT_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/?$/,
    async handle(visit) {
      const { query } = visit.request;
      const filter = { clientId: query.get('clientId') ?? '', status: query.get('status') ?? '' };
      const after = query.get('after') ?? '';
      const page = { ...filter, after, limit: GRANTS_SHOWN };
      const { grants, next } = await visit.call<Found>('GET /grants', { query: page });
      const more = new URLSearchParams({ ...filter, after: next ?? '' });
      return findPage(visit, {
        grants,
        next: next === null ? undefined : `/console?${more.toString()}`,
        isFound: false,
        filter,
      });
    },
  },
  {
    method: 'POST',
    pattern: /^\/console\/find$/,
    handle: find,
  },
  {
    method: 'GET',
    pattern: /^\/console\/grants\/(?<grantId>[0-9a-f]{16})$/,
    async handle(visit) {
      const done = visit.request.query.get('done');
      const { done: notices } = visit.texts.grant;
      const notice = done === 'revoked' || done === 'reinstated' ? notices[done] : undefined;
      return showGrant(visit, visit.path['grantId'] ?? '', notice);
    },
  },
  ...(['revoke', 'reinstate'] as const).map((verb): ConsoleRoute => ({
    method: 'POST',
    pattern: new RegExp(`^/console/grants/(?<grantId>[0-9a-f]{16})/${verb}$`),
    async handle(visit) {
      const { grantId = '' } = visit.path;
      await visit.call(`POST /grants/{grantId}/${verb}`, {
        path: { grantId },
        body: { reason: visit.form.get('reason') ?? '' },
      });
      return `/console/grants/${grantId}?done=${verb === 'revoke' ? 'revoked' : 'reinstated'}`;
    },
  })),
];

const VIN = /^[A-HJ-NPR-Z0-9]{17}$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a text may be, most likely first. */
const guess = (text: string): readonly string[] => {
  if (VIN.test(text)) return ['vin', 'subject'];
  if (UUID.test(text)) return ['token', 'requestId', 'subject'];
  return text.length >= 30 ? ['token', 'subject'] : ['subject'];
};

/** Looks for what somebody typed. What is found alone is shown at once. */
async function find(visit: ConsoleVisit): Promise<ConsolePage | string> {
  const text = (visit.form.get('text') ?? '').trim();
  const kind = visit.form.get('kind') ?? 'any';
  const grantId = readGrantId(text) === undefined ? undefined : text.toLowerCase();
  if (grantId !== undefined && kind === 'any') return `/console/grants/${grantId}`;
  const kinds = kind === 'any' ? guess(text) : [kind];
  if (text === '' || !kinds.every((one) => ['subject', 'vin', 'requestId', 'token'].includes(one)))
    throw new Problem('request_invalid');
  let found: Found = { grants: [], next: null, token: null };
  for (const one of kinds) {
    // Only a token may be so long.
    if (one !== 'token' && text.length > 500) continue;
    const value = one === 'vin' ? text.toUpperCase() : text;
    found = await visit.call<Found>('POST /grants/find', { body: { [one]: value } });
    if (found.grants.length > 0) break;
  }
  const [only, ...others] = found.grants;
  if (only !== undefined && others.length === 0)
    return showGrant(visit, only.grantId, describeToken(visit, found.token));
  const filter = { clientId: '', status: '' };
  return findPage(visit, { grants: found.grants, next: undefined, isFound: true, filter });
}

const describeToken = ({ texts: { grant } }: ConsoleVisit, token: Found['token']): string | undefined => {
  if (token === null) return undefined;
  if (token.kind === 'access_token') return grant.tokenSays(grant.access);
  const worth = token.wouldWork ? grant.wouldWork(token.generation) : grant.wouldFail(token.generation);
  return `${grant.tokenSays(grant.refresh)} ${worth}`;
};

const showClient = async (visit: ConsoleVisit, made?: { readonly clientSecret: string }) =>
  clientPage(visit, await visit.call<Client>('GET /clients/{clientId}', { path: clientIdOf(visit) }), made);

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

const CLIENT_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/clients$/,
    async handle(visit) {
      const { clients } = await visit.call<{ readonly clients: readonly Client[] }>('GET /clients');
      return clientsPage(visit, clients);
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`${CLIENT}$`),
    async handle(visit) {
      const done = visit.request.query.get('done');
      const { done: notices } = visit.texts.client;
      const notice = done === 'removed' || done === 'changed' ? notices[done] : undefined;
      return { ...(await showClient(visit)), notice };
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`${CLIENT}/secrets$`),
    async handle(visit) {
      const { form } = visit;
      const days = Number(form.get('days') ?? '');
      const made = await visit.call<{ readonly clientSecret: string }>('POST /clients/{clientId}/secrets', {
        path: clientIdOf(visit),
        // A reload of the page with the secret must not make another one.
        key: form.get('once'),
        body: {
          name: form.get('name') ?? '',
          ...(days > 0 && { expiresInSeconds: Math.round(days * 86_400) }),
          reason: form.get('reason') ?? '',
        },
      });
      return showClient(visit, made);
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
];

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

const OTHER_PAGES: readonly ConsoleRoute[] = [
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
    pattern: /^\/console\/webhooks$/,
    async handle(visit) {
      type Webhooks = { readonly webhooks: readonly ReturnType<typeof viewWebhook>[] };
      type Deliveries = { readonly deliveries: readonly ReturnType<typeof viewDelivery>[] };
      const { webhooks } = await visit.call<Webhooks>('GET /webhooks');
      const { deliveries } = await visit.call<Deliveries>('GET /deliveries', { query: { limit: '50' } });
      return { ...webhooksPage(visit, { webhooks, deliveries }), notice: noticeOfWebhooks(visit) };
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
  {
    method: 'GET',
    pattern: /^\/console\/live$/,
    async handle(visit) {
      const { query } = visit.request;
      return livePage(visit, { clientId: query.get('clientId') ?? '', grantId: query.get('grantId') ?? '' });
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/system$/,
    async handle(visit) {
      type Keys = { readonly keys: readonly ReturnType<typeof viewKey>[] };
      type Doctor = { readonly findings: readonly { name: string; isFine: boolean; detail: string }[] };
      const { findings } = await visit.call<Doctor>('GET /doctor');
      return systemPage(visit, { findings, ...(await visit.call<Keys>('GET /keys')) });
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/audit$/,
    async handle(visit) {
      type Audit = {
        readonly entries: readonly ReturnType<typeof entryToJson>[];
        readonly next: string | null;
      };
      type Verified = { readonly entries: number; readonly head: string; readonly fault: string | null };
      const { query } = visit.request;
      const page = await visit.call<Audit>('GET /audit', { query: { after: query.get('after') ?? '' } });
      const verified =
        query.get('verify') === '1' ? await visit.call<Verified>('GET /audit/verify') : undefined;
      return auditPage(visit, {
        entries: page.entries,
        next: page.next ?? undefined,
        ...(verified === undefined ? {} : { verified }),
      });
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

/** Every page of the console for those who are signed in. */
export const CONSOLE_ROUTES: readonly ConsoleRoute[] = [...GRANT_PAGES, ...CLIENT_PAGES, ...OTHER_PAGES];
