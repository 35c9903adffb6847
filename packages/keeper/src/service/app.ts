import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { KeeperError, StoreError } from '../errors.ts';
import type { ServiceKey } from '../stores/service-keys.ts';
import { authenticate, checkVisible } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { KeyBook } from './key-book.ts';
import { reasonFor } from './pair-body.ts';
import { Problem, retryAfter, toResponse } from './problem.ts';
import { readBody, readQuery } from './read-request.ts';
import type { Answer, Call, ServiceContext, ServiceRoute } from './route.ts';
import { addStatusPage } from './status-page.ts';
import * as v from 'valibot';
import type { WrongKeys } from './wrong-keys.ts';

type Env = { readonly Bindings: HttpBindings };

/** What answers requests besides the routes. */
export type AppParts = {
  readonly context: ServiceContext;
  readonly book: KeyBook;
  readonly wrongKeys: WrongKeys;
  /** Proxies in front whose `X-Forwarded-For` is trusted. */
  readonly forwardedHops: number;
  /** Called with each answer to a route, for the metrics. */
  readonly onAnswer: (route: string, status: number) => void;
  /** Called with what no route expected, for the log. */
  readonly onBug: (error: unknown) => void;
};

const NO_QUERY = v.strictObject({});
/** For routes that need no key. */
const NOBODY: ServiceKey = {
  name: '',
  digest: new Uint8Array(),
  scopes: [],
  namePrefix: undefined,
  binding: new Uint8Array(),
  createdAtMs: 0,
  expiresAtMs: undefined,
  usedAtMs: undefined,
};

/** The table of routes as an application: key first, then path, query and body, then the handler. */
export const createApp = (routes: readonly ServiceRoute[], parts: AppParts): Hono<Env> => {
  const app = new Hono<Env>();
  for (const route of routes)
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), serveRoute(route, parts));
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), ({ req }) => {
      throw new Problem(
        'method_not_allowed',
        `${req.method} is not for this path`,
        { remedy: `Use ${methods.join(', ')}.` },
        { allow: methods.join(', ') },
      );
    });
  }
  addStatusPage(app, parts);
  app.notFound(() => toResponse(notFound()));
  app.onError((error) => toResponse(toProblem(error, parts)));
  return app;
};

const serveRoute = (route: ServiceRoute, parts: AppParts): ((c: Context<Env>) => Promise<Response>) => {
  const name = `${route.method} ${route.path}`;
  return async (c) => {
    let response: Response;
    try {
      response = await answer(route, c, parts);
    } catch (error) {
      response = toResponse(toProblem(error, parts));
    }
    parts.onAnswer(name, response.status);
    return response;
  };
};

const answer = async (route: ServiceRoute, c: Context<Env>, parts: AppParts): Promise<Response> => {
  const { context, book, wrongKeys, forwardedHops } = parts;
  const { req } = c;
  const address = (): string =>
    clientAddress(c.env.incoming.socket.remoteAddress, req.header('x-forwarded-for'), forwardedHops);
  let key: ServiceKey = NOBODY;
  if (route.scope !== undefined) {
    const found = authenticate({ book, wrongKeys }, req.header('authorization'), route.scope, address);
    key = found instanceof Promise ? await found : found;
  }
  checkEncoding(req.url);
  const name = req.param('name') ?? '';
  if (name !== '') checkVisible(key, name);
  const call: Call<unknown, unknown> = {
    context,
    key,
    name,
    query:
      req.url.includes('?') || route.query !== undefined ? readQuery(req.url, route.query ?? NO_QUERY) : {},
    body: route.body === undefined ? undefined : await readBody(req.raw, route.body),
    request: req.raw,
  };
  const handled = route.handle(call as Call<never, never>);
  const given = handled instanceof Promise ? await handled : handled;
  return given instanceof Response ? given : write(given);
};

const write = ({ status, body, headers }: Answer): Response =>
  body === undefined
    ? new Response(null, { status, ...(headers === undefined ? {} : { headers: { ...headers } }) })
    : new Response(JSON.stringify(body), {
        status,
        headers: { 'content-type': 'application/json', ...headers },
      });

/** Throws `Problem` where the path has an escape that is no UTF-8: it would be taken for a name as it stands. */
const checkEncoding = (url: string): void => {
  if (!url.includes('%')) return;
  try {
    decodeURIComponent(new URL(url).pathname);
  } catch {
    throw new Problem('input_invalid', 'The path is not percent-encoded UTF-8', {
      remedy: 'Encode the name, for example with encodeURIComponent.',
    });
  }
};

const notFound = (): Problem =>
  new Problem('not_found', 'There is nothing at this path', {
    remedy: '/openapi.json lists every path. A name must be percent-encoded, its slashes too.',
  });

/** What a failure means to the client. The one place where failures end. */
const toProblem = (error: unknown, { onBug }: AppParts): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof StoreError)
    return new Problem(
      'store_unavailable',
      'The store cannot be reached at this moment',
      { remedy: 'Try again. Nothing is lost: a put that is repeated is answered "known".' },
      retryAfter(1000),
    );
  if (error instanceof KeeperError && error.code === 'keeper_closed')
    return new Problem(
      'stopping',
      'This node is stopping',
      { remedy: 'Ask another node.' },
      retryAfter(1000),
    );
  if (error instanceof KeeperError && !BROKEN.has(error.code)) {
    const { code, message: reason, remedy } = error;
    return new Problem('input_refused', reasonFor(NOBODY, { code, reason, remedy }), { remedy, code });
  }
  if (error instanceof Error && error.name === 'AbortError') return unanswered();
  onBug(error);
  return new Problem('internal', 'The keeper failed; its log has the reason', {
    remedy: 'Look into the log of this node.',
  });
};

/** Faults of the store or its keys, not of a request. */
const BROKEN: ReadonlySet<string> = new Set(['key_unknown', 'value_damaged', 'key_wrong', 'key_missing']);

/** Who asked has hung up: nobody reads this. */
const unanswered = (): Problem =>
  new Problem('overloaded', 'The request was cancelled', { remedy: 'Ask again.' }, retryAfter(1000));
