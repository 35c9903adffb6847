import { Problem } from '../../admin/api/problem.ts';
import type { viewDetails, viewEvent, viewFound, viewGrant } from '../../admin/api/views.ts';
import { readGrantId } from '../../tokens/grant-id.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { clientsPage } from '../pages/clients-page.ts';
import { readClient, readClients } from '../read-clients.ts';
import { findPage } from '../pages/find-page.ts';
import { grantPage } from '../pages/grant-page.ts';
import type { ConsoleRoute } from './console-route.ts';

type Grant = ReturnType<typeof viewGrant>;
type FoundGrant = ReturnType<typeof viewFound>;
type Details = ReturnType<typeof viewDetails> & { readonly events: readonly ReturnType<typeof viewEvent>[] };
type Found = {
  readonly grants: readonly FoundGrant[];
  readonly next: string | null;
  readonly token:
    | { readonly kind: 'refresh_token'; readonly generation: number; readonly wouldWork: boolean }
    | { readonly kind: 'access_token' }
    | null;
};

const GRANTS_SHOWN = '50';

const showGrant = async (visit: ConsoleVisit, grantId: string, said?: string): Promise<ConsolePage> => {
  const path = { grantId };
  const grant = await visit.call<Details>('GET /grants/{grantId}', { path });
  const client = await readClient(visit, grant.clientId);
  return grantPage(visit, { grant, events: grant.events, client, said });
};

/** The search, and the page of a grant with what may be done about it. */
export const GRANT_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/?$/,
    async handle(visit) {
      const { query } = visit.request;
      const filter = { clientId: query.get('clientId') ?? '', status: query.get('status') ?? '' };
      if (visit.session.operator.role === 'developer' && filter.clientId === '')
        return startOfDeveloper(visit);
      const after = query.get('after') ?? '';
      const page = { ...filter, after, limit: GRANTS_SHOWN };
      type Listed = { readonly grants: readonly Grant[]; readonly next: string | null };
      const { grants, next } = await visit.call<Listed>('GET /grants', { query: page });
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

/** My project: the page of the only client, or a list of several. */
const startOfDeveloper = async (visit: ConsoleVisit): Promise<ConsolePage | string> => {
  const page = await readClients(visit);
  const [only, ...others] = page.clients;
  if (only !== undefined && others.length === 0) return `/console/clients/${only.clientId}`;
  return clientsPage(visit, { ...page, text: '', isLater: false });
};

const VIN = /^[A-HJ-NPR-Z0-9]{17}$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const KINDS = new Set(['subject', 'vin', 'requestId', 'token']);

/** What a text may be, most likely first. */
const guess = (text: string): readonly string[] => {
  if (VIN.test(text)) return ['vin', 'subject'];
  if (UUID.test(text)) return ['token', 'requestId', 'subject'];
  return text.length >= 30 ? ['token', 'subject'] : ['subject'];
};

/** `undefined` where nothing is found. Throws what else is thrown. */
const unlessMissing = async <Answer>(reading: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Problem && error.code === 'not_found') return undefined;
    throw error;
  }
};

/** The grant of an id. Some identifiers of owners look like one: then there is none. */
const findGrant = async (visit: ConsoleVisit, text: string): Promise<ConsolePage | undefined> =>
  readGrantId(text) === undefined ? undefined : unlessMissing(showGrant(visit, text.toLowerCase()));

const findClient = async (visit: ConsoleVisit, text: string): Promise<string | undefined> => {
  if (!/^[\w.~-]{1,200}$/.test(text)) return undefined;
  const client = await unlessMissing(readClient(visit, text));
  return client && `/console/clients/${client.clientId}`;
};

type FoundBy = { readonly found: Found; readonly kind: string };

/** Tries each kind until one finds something. */
const tryKinds = async (
  visit: ConsoleVisit,
  {
    text,
    kinds,
    after,
  }: { readonly text: string; readonly kinds: readonly string[]; readonly after?: string },
): Promise<FoundBy> => {
  let last: FoundBy = { found: { grants: [], next: null, token: null }, kind: '' };
  for (const kind of kinds) {
    // Only a token may be so long.
    if (kind !== 'token' && text.length > 500) continue;
    const value = kind === 'vin' ? text.toUpperCase() : text;
    const body = { [kind]: value, ...(after !== undefined && { after }) };
    last = { found: await visit.call<Found>('POST /grants/find', { body }), kind };
    if (last.found.grants.length > 0) break;
  }
  return last;
};

/** Looks for what somebody typed. What is found alone is shown at once. */
async function find(visit: ConsoleVisit): Promise<ConsolePage | string> {
  const text = (visit.form.get('text') ?? '').trim();
  const asked = visit.form.get('kind') ?? 'any';
  const after = visit.form.get('after');
  const kinds = asked === 'any' ? guess(text) : [asked];
  if (text === '' || !kinds.every((one) => KINDS.has(one))) throw new Problem('request_invalid');
  const named = asked === 'any' ? await findGrant(visit, text) : undefined;
  if (named !== undefined) return named;
  const { found, kind } = await tryKinds(visit, { text, kinds, ...(after !== undefined && { after }) });
  const { grants, next, token } = found;
  const client = grants.length === 0 && asked === 'any' ? await findClient(visit, text) : undefined;
  if (client !== undefined) return client;
  const [only, ...others] = grants;
  const isAlone = others.length === 0 && next === null && after === undefined;
  if (only !== undefined && isAlone) return showGrant(visit, only.grantId, describeToken(visit, token));
  // A form, because it names an owner: addresses are written into logs and histories.
  const nextSearch = next === null ? undefined : { text, kind, after: next };
  const filter = { clientId: '', status: '' };
  // What may be a token is shown nowhere.
  const searched = kinds.includes('token') && (grants.length === 0 || kind === 'token') ? '' : text;
  return findPage(visit, { grants, next: undefined, nextSearch, isFound: true, searched, filter });
}

const describeToken = ({ texts: { grant } }: ConsoleVisit, token: Found['token']): string | undefined => {
  if (token === null) return undefined;
  if (token.kind === 'access_token') return grant.tokenSays(grant.access);
  const worth = token.wouldWork ? grant.wouldWork(token.generation) : grant.wouldFail(token.generation);
  return `${grant.tokenSays(grant.refresh)} ${worth}`;
};
