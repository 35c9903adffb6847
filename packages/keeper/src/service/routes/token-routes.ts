import * as v from 'valibot';
import type { AskOptions } from '../../refresh/ask.ts';
import { answerToken, showToken, tokenShape } from '../answer-token.ts';
import { defineRoute } from '../route.ts';
import type { Answer, ServiceContext, ServiceRoute } from '../route.ts';

/** Seconds in a query, in whole numbers, as milliseconds. */
const secondsUpTo = (most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,6}$/, 'whole seconds'),
    v.transform((text) => Math.min(most, Number(text)) * 1000),
  );

const tokenQuery = v.strictObject({
  wait: v.optional(secondsUpTo(60)),
  min_valid: v.optional(secondsUpTo(86_400)),
});

const PROBLEMS = [
  'name_not_visible',
  'not_connected',
  'needs_consent',
  'disconnected',
  'unavailable',
  'overloaded',
] as const;

const ask = async (
  context: ServiceContext,
  name: string,
  request: Request,
  options: AskOptions,
): Promise<Answer> => {
  // Memory answers most questions; only what waits is counted, and ends with its request.
  const result = await context.waiting(() =>
    context.keeper.tryToken(name, { ...options, signal: request.signal }),
  );
  return answerToken(result, name, context);
};

/** Access tokens. */
export const TOKEN_ROUTES: readonly ServiceRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/tokens/{name}',
    tag: 'tokens',
    summary: 'A valid access token, now',
    description:
      'Refreshes first where the token has ended, and waits for it: `wait` seconds, 10 by default. `min_valid` asks for so many seconds of life. Hanging up ends the wait and never the refresh.',
    scope: 'tokens:read',
    query: tokenQuery,
    answers: { 200: { description: 'A valid access token.', schema: tokenShape } },
    problems: PROBLEMS,
    handle({ context, name, query, request }) {
      if (query.wait === undefined && query.min_valid === undefined) {
        const known = context.parts.fromMemory(name);
        if (known !== undefined) return showToken(known.accessToken, known.expiresAtMs, false);
      }
      return ask(context, name, request, { waitMs: query.wait, minValidMs: query.min_valid });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/grants/{name}/rejected',
    tag: 'tokens',
    summary: 'Report an access token that the vehicle API refused, and get another one',
    description:
      'Answers the stored token where it differs from the refused one; else refreshes, at most once in 30 seconds and three times in ten minutes per grant.',
    scope: 'tokens:read',
    body: v.strictObject({ access_token: v.string() }),
    answers: { 200: { description: 'Another access token.', schema: tokenShape } },
    problems: PROBLEMS,
    handle: ({ context, name, body, request }) =>
      ask(context, name, request, { rejected: body.access_token }),
  }),
];
