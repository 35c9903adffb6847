import { STATUSES } from '../../../grants/standing.ts';
import type { Status } from '../../../grants/standing.ts';
import { findGrantEvents } from '../../../operations/find-grant-events.ts';
import { findGrants } from '../../../operations/find-grants.ts';
import type { GrantSearch } from '../../../operations/find-grants.ts';
import { openToken, TOKEN_MAX_CHARACTERS } from '../../../operations/open-token.ts';
import { readGrant } from '../../../operations/read-grant.ts';
import type { GrantDetails } from '../../../operations/read-grant.ts';
import { reinstateGrant } from '../../../operations/reinstate-grant.ts';
import { revokeGrant } from '../../../operations/revoke-grant.ts';
import { writeGrantId } from '../../../tokens/grant-id.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiRoute, ApiVisit } from '../api-route.ts';
import { oneOf, TEXT } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { isoOf, viewDetails, viewEvent, viewFound, viewGrant } from '../views.ts';
import {
  grantAfter,
  grantOfPath,
  limitOf,
  momentOf,
  nextGrant,
  PAGE_FIELDS,
  sequenceAfter,
} from './paging.ts';

const FILTER_FIELDS = {
  clientId: { schema: TEXT, purpose: 'Of this client.' },
  status: { schema: oneOf(STATUSES), purpose: 'With this status.' },
  since: { schema: TEXT, purpose: 'Created at this moment or later, ISO 8601.' },
  requestId: {
    schema: TEXT,
    purpose: 'Made or changed by this request. Refreshes are not stored by request.',
  },
} as const satisfies Fields;

/** What names an owner: in a body, because URLs are written into logs and histories. */
const OWNER_FIELDS = {
  subject: { schema: TEXT, purpose: 'Of this owner.' },
  vin: { schema: TEXT, purpose: 'That covers this vehicle now.' },
} as const satisfies Fields;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The filter of a query or a body. Throws `Problem`. */
export const searchOf = (values: Readonly<Record<string, unknown>>): GrantSearch => ({
  clientId: text(values['clientId']),
  subject: text(values['subject']),
  vin: text(values['vin']),
  status: text(values['status']) as Status | undefined,
  requestId: text(values['requestId']),
  createdSinceMs: momentOf('since', values['since']),
});

/** The fields of a filter, those that name an owner among them. */
export const SEARCH_FIELDS = { ...FILTER_FIELDS, ...OWNER_FIELDS } as const satisfies Fields;

/** What a search finds, with the vehicles: an owner on the phone knows the car, not the id. */
const search = async (context: ApiContext, visit: ApiVisit, values: Readonly<Record<string, unknown>>) => {
  const page = { after: grantAfter(values), limit: limitOf(values) };
  const { grants, next } = await findGrants(context, searchOf(values), page);
  const seesOwners = visit.may('owners.read');
  const found = await Promise.all(
    grants.map(async (one) => viewFound(one, await context.store.listVehicles(one.grant.id), seesOwners)),
  );
  return { grants: found, next: nextGrant(next) };
};

const list = async (context: ApiContext, visit: ApiVisit, values: Readonly<Record<string, unknown>>) => {
  const page = { after: grantAfter(values), limit: limitOf(values) };
  const found = await findGrants(context, searchOf(values), page);
  const seesOwners = visit.may('owners.read');
  return { grants: found.grants.map((one) => viewGrant(one, seesOwners)), next: nextGrant(found.next) };
};

/** What is shown of what happened to a grant; the rest is in its events. */
const EVENTS_SHOWN = 50;

/** A grant as it is shown by name, with what happened to it, newest first. */
const show = async (context: ApiContext, visit: ApiVisit, details: GrantDetails) => {
  const page = { limit: EVENTS_SHOWN, first: 'newest' } as const;
  const { events } = await findGrantEvents(context, { grantId: details.grant.id }, page);
  const seesOwners = visit.may('owners.read');
  return { ...viewDetails(details, seesOwners), events: events.map((event) => viewEvent(event, seesOwners)) };
};

const detailsOf = async (context: ApiContext, { path }: ApiVisit): Promise<GrantDetails> => {
  const details = await readGrant(context, grantOfPath(path));
  if (details === undefined) throw notThere('grant');
  return details;
};

const targetOf = ({ grant }: Pick<GrantDetails, 'grant'>): string => `grant:${writeGrantId(grant.id)}`;

export const GRANT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/grants',
    tag: 'Grants',
    summary: 'Lists grants in the order of their ids',
    permission: 'grants.read',
    own: { by: 'client in the query' },
    query: { ...PAGE_FIELDS, ...FILTER_FIELDS },
    answers: { status: 200, schema: 'GrantList' },
    handle: async (context, visit) => ({ status: 200, body: await list(context, visit, visit.query) }),
  },
  {
    method: 'POST',
    path: '/grants/find',
    tag: 'Grants',
    summary: 'Finds grants by owner, by vehicle, or by a token, which is opened in memory and stored nowhere',
    permission: 'tokens.open',
    own: { by: 'list', fields: ['token'] },
    body: {
      ...PAGE_FIELDS,
      ...SEARCH_FIELDS,
      token: {
        schema: { type: 'string', minLength: 1, maxLength: TOKEN_MAX_CHARACTERS },
        purpose:
          'A refresh or access token that somebody holds, alive or dead. Nothing else may be given with it.',
      },
    },
    answers: { status: 200, schema: 'GrantsFound' },
    async handle(context, visit) {
      const { token } = visit.body;
      if (typeof token === 'string') return { status: 200, body: await findByToken(context, visit, token) };
      if (!visit.may('owners.read'))
        throw new Problem('body_invalid', { en: 'token is missing', ko: 'token 값이 없습니다.' });
      const body = await search(context, visit, visit.body);
      const by = Object.keys(visit.body).filter((name) => !Object.hasOwn(PAGE_FIELDS, name));
      await visit.look('', {
        by,
        found: body.grants.length,
        grants: body.grants.map(({ grantId }) => grantId),
      });
      return { status: 200, body: { ...body, token: null } };
    },
  },
  {
    method: 'GET',
    path: '/grants/{grantId}',
    tag: 'Grants',
    summary: 'Shows a grant with its vehicles, its rotations, its last replay and what happened to it',
    permission: 'grants.read',
    own: { by: 'grant in the path' },
    answers: { status: 200, schema: 'Grant' },
    async handle(context, visit) {
      const details = await detailsOf(context, visit);
      await visit.look(targetOf(details));
      return { status: 200, body: await show(context, visit, details) };
    },
  },
  {
    method: 'GET',
    path: '/grants/{grantId}/events',
    tag: 'Grants',
    summary: 'Lists what happened to a grant, newest first; refreshes are in its rotations',
    permission: 'grants.read',
    own: { by: 'grant in the path' },
    query: PAGE_FIELDS,
    answers: { status: 200, schema: 'EventList' },
    async handle(context, visit) {
      const grantId = grantOfPath(visit.path);
      await visit.look(`grant:${writeGrantId(grantId)}`, { events: true });
      const page = {
        after: sequenceAfter(visit.query),
        limit: limitOf(visit.query),
        first: 'newest',
      } as const;
      const { events, next } = await findGrantEvents(context, { grantId }, page);
      const seesOwners = visit.may('owners.read');
      return {
        status: 200,
        body: {
          events: events.map((event) => viewEvent(event, seesOwners)),
          next: next === undefined ? null : String(next),
        },
      };
    },
  },
  {
    method: 'POST',
    path: '/grants/{grantId}/revoke',
    tag: 'Grants',
    summary: 'Revokes a grant; a grant that is revoked already stays so',
    permission: 'grants.revoke',
    action: 'grant.revoke',
    body: {},
    answers: { status: 200, schema: 'Grant' },
    async handle(context, visit) {
      const details = await detailsOf(context, visit);
      await visit.write(
        () => revokeGrant(context, details.grant, { cause: 'operator', requestId: visit.requestId }),
        (outcome) => (outcome === 'revoked' ? undefined : outcome),
        { target: targetOf(details) },
      );
      return { status: 200, body: await show(context, visit, await detailsOf(context, visit)) };
    },
  },
  {
    method: 'POST',
    path: '/grants/{grantId}/reinstate',
    tag: 'Grants',
    summary: 'Undoes a revocation by an operator, a replay or a code: the newest refresh token works again',
    permission: 'grants.reinstate',
    action: 'grant.reinstate',
    body: {},
    answers: { status: 200, schema: 'Grant' },
    async handle(context, visit) {
      const details = await detailsOf(context, visit);
      const outcome = await visit.write(
        () => reinstateGrant(context, details.grant, { requestId: visit.requestId }),
        (result) => (result === 'reinstated' ? undefined : result),
        { target: targetOf(details) },
      );
      if (outcome === 'consent_needed')
        throw new Problem('conflict', {
          en: 'its owner or its client ended it: only a new consent opens it again',
          ko: '소유자나 클라이언트가 끝낸 연결입니다. 새로 동의해야 다시 열립니다.',
        });
      return { status: 200, body: await show(context, visit, await detailsOf(context, visit)) };
    },
  },
];

const findByToken = async (context: ApiContext, visit: ApiVisit, token: string) => {
  const given = Object.keys(visit.body).filter((name) => name !== 'token');
  if (given.length > 0)
    throw new Problem('body_invalid', {
      en: `${given.join(', ')} cannot be given with a token`,
      ko: `token과 함께 쓸 수 없습니다: ${given.join(', ')}`,
    });
  const found = await openToken(context, token.trim());
  if (found === undefined || !visit.isOwn(found.details.grant.clientId)) {
    await visit.look('', { by: ['token'], found: 0 });
    return { grants: [], next: null, token: null };
  }
  const { details } = found;
  await visit.look(targetOf(details), { by: ['token'] });
  const said =
    found.kind === 'refresh_token'
      ? { kind: found.kind, generation: found.generation, wouldWork: found.wouldWork }
      : { kind: found.kind, issuedAt: isoOf(found.issuedAt * 1000) };
  return {
    grants: [viewFound(details, details.vehicles, visit.may('owners.read'))],
    next: null,
    token: said,
  };
};
