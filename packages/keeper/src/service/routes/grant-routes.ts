import * as v from 'valibot';
import { KeeperError } from '../../errors.ts';
import { answerToken, unavailable } from '../answer-token.ts';
import { pairBody, putPair, putStatus, reasonFor } from '../pair-body.ts';
import { BROKEN, Problem } from '../problem.ts';
import { defineRoute } from '../route.ts';
import type { ServiceContext, ServiceRoute } from '../route.ts';
import {
  grantDetailsShape,
  grantListShape,
  iso,
  moment,
  revocationName,
  showAttempt,
  showDetails,
  showGrant,
  stateName,
  timelineShape,
} from '../show-grant.ts';
import type { ConnectionDetails, ConnectionView } from '../../reading/view.ts';

const LIMIT_MAX = 1000;

const pageLimit = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^\d{1,4}$/, 'a number from 1 to 1000'),
    v.transform((text) => Math.min(LIMIT_MAX, Math.max(1, Number(text)))),
  ),
  '100',
);

const listQuery = v.strictObject({
  state: v.optional(stateName),
  client: v.optional(v.string()),
  after: v.optional(v.string()),
  limit: pageLimit,
});

const timelineQuery = v.strictObject({ before: v.optional(moment), limit: pageLimit });

const notConnected = (name: string): Problem =>
  new Problem('not_connected', `There is no connection "${name}"`, {
    remedy: 'Correct the name; GET /v1/grants lists all.',
    cause: 'not_connected',
  });

const inspect = async ({ keeper }: ServiceContext, name: string): Promise<ConnectionDetails> => {
  const details = await keeper.inspect(name);
  if (details === undefined) throw notConnected(name);
  return details;
};

/** One page by name. A key with a prefix sees only the names that begin with it. */
const listPage = async (
  { keeper }: ServiceContext,
  { state, client, after, limit }: v.InferOutput<typeof listQuery>,
  namePrefix: string | undefined,
): Promise<readonly ConnectionView[]> => {
  const filter = { state, client };
  if (namePrefix === undefined) return keeper.list({ ...filter, after, limit });
  const isFirst = after === undefined || after < namePrefix;
  const itself = isFirst ? await keeper.inspect(namePrefix) : undefined;
  const isWanted =
    itself !== undefined &&
    (state === undefined || itself.state === state) &&
    (client === undefined || itself.client === client);
  const rest = await keeper.list({ ...filter, after: isFirst ? namePrefix : after, limit });
  const page = isWanted ? [itself, ...rest] : rest;
  return page.filter(({ name }) => name.startsWith(namePrefix)).slice(0, limit);
};

/** Whether a pair cannot be kept as it is. Otherwise it is the keeper that fails, and the same pair may be put again. */
const isOfPair = (error: unknown): error is KeeperError =>
  error instanceof KeeperError && error.code !== 'keeper_closed' && !BROKEN.has(error.code);

/** Reading and changing connections. */
export const GRANT_ROUTES: readonly ServiceRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/grants',
    tag: 'grants',
    summary: 'Connections by name, page by page',
    description:
      'Ask for the next page with `after` set to `next`. The cursor is a name: what is added or removed meanwhile moves no page.',
    scope: 'grants:read',
    query: listQuery,
    answers: { 200: { description: 'A page.', schema: grantListShape } },
    problems: [],
    async handle({ context, key, query }) {
      const page = await listPage(context, query, key.namePrefix);
      const next = page.length === query.limit ? (page.at(-1)?.name ?? null) : null;
      return { status: 200, body: { grants: page.map((view) => showGrant(view, context)), next } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/grants/{name}',
    tag: 'grants',
    summary: 'A connection without its tokens',
    scope: 'grants:read',
    answers: { 200: { description: 'The connection.', schema: grantDetailsShape } },
    problems: ['name_not_visible', 'not_connected'],
    handle: async ({ context, key, name }) => ({
      status: 200,
      body: showDetails(await inspect(context, name), context, key.namePrefix),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/grants/{name}/timeline',
    tag: 'grants',
    summary: 'The sends of a refresh token, newest first, page by page',
    description: 'Ask for the next page with `before` set to `next`.',
    scope: 'grants:read',
    query: timelineQuery,
    answers: { 200: { description: 'What was sent, and how it ended.', schema: timelineShape } },
    problems: ['name_not_visible', 'not_connected'],
    async handle({ context, name, query: { before, limit } }) {
      await inspect(context, name);
      const beforeMs = before === undefined ? undefined : Date.parse(before);
      const attempts = await context.keeper.timeline(name, { limit, beforeMs });
      const last = attempts.length === limit ? attempts.at(-1) : undefined;
      return {
        status: 200,
        body: {
          name,
          attempts: attempts.map(showAttempt),
          next: last === undefined ? null : iso(last.sentAtMs),
        },
      };
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/grants/{name}',
    tag: 'grants',
    summary: 'Keep the tokens of a code exchange under a name',
    description:
      'When it answers, the pair is on disk, encrypted. `known`: this very pair is kept already; `outdated`: the connection had it before, and what it has now stays; `dead`: the provider has refused its refresh token already, and only a new consent helps (one that the provider has brought back is put with `obtained_at`, the moment of that). DELETE the connection first where you must go back.',
    scope: 'grants:write',
    body: pairBody,
    answers: {
      200: { description: 'Kept.', schema: v.object({ name: v.string(), status: putStatus }) },
      201: { description: 'Kept as a new grant.', schema: v.object({ name: v.string(), status: putStatus }) },
    },
    problems: ['name_not_visible', 'input_refused'],
    async handle({ context, key, name, body }) {
      const status = await putPair(context.keeper, name, body, key).catch((error: unknown) => {
        if (!isOfPair(error)) throw error;
        const { code, message: reason, remedy } = error;
        throw new Problem('input_refused', reasonFor(key, { code, reason, remedy }), { remedy, code });
      });
      return { status: status === 'new' ? 201 : 200, body: { name, status } };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/grants/{name}',
    tag: 'grants',
    summary: 'Close a connection',
    description:
      'Nothing is kept alive for it any more. A grant ends with its last connection, and is revoked at the provider. `pending`: a node tries again for four days; `refused` and `not_offered`: the consent must be ended at the provider; `shared`: other connections use the grant, which lives.',
    scope: 'grants:write',
    answers: {
      200: { description: 'Closed.', schema: v.object({ name: v.string(), revocation: revocationName }) },
    },
    problems: ['name_not_visible', 'not_connected'],
    async handle({ context, name }) {
      const revocation = await context.keeper.disconnect(name);
      if (revocation === undefined) throw notConnected(name);
      return { status: 200, body: { name, revocation } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/grants/{name}/refresh',
    tag: 'grants',
    summary: 'Refresh now',
    description:
      'Waits until the refresh has ended. `busy`: another node is at it; `not_needed`: somebody else has just done it.',
    scope: 'grants:write',
    answers: {
      200: {
        description: 'How it ended.',
        schema: v.object({ name: v.string(), outcome: v.picklist(['refreshed', 'busy', 'not_needed']) }),
      },
    },
    problems: [
      'name_not_visible',
      'not_connected',
      'needs_consent',
      'disconnected',
      'unavailable',
      'overloaded',
    ],
    async handle({ context, name }) {
      const { kind, reason, retryAtMs } = await context.waiting(() => context.keeper.refresh(name));
      const { clock, timing } = context.parts.engine;
      if (kind === 'later')
        throw unavailable(reason, retryAtMs ?? clock.wallMs() + timing.scanMs, clock.wallMs());
      if (kind === 'over') {
        const now = await context.keeper.tryToken(name, { waitMs: 0 });
        if (now.status === 'needs_consent') answerToken(now, name, context);
      }
      return { status: 200, body: { name, outcome: kind === 'over' ? 'not_needed' : kind } };
    },
  }),
];
