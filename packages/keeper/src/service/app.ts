import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { KeeperError, StoreError } from '../errors.ts';
import type { ServiceKey } from '../stores/service-keys.ts';
import { authenticate, checkVisible } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { KeyBook } from './key-book.ts';
import { reasonFor } from './pair-body.ts';
import { BROKEN, Problem, retryAfter, toResponse } from './problem.ts';
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
  // One handler per path: a router that finds two calls them through a chain of promises.
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path))
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), servePath(ofPath, parts));
  addStatusPage(app, parts);
  app.notFound(() => toResponse(notFound()));
  app.onError((error) => toResponse(toProblem(error, parts)));
  return app;
};

type Handler = (c: Context<Env>) => Response | Promise<Response>;

const servePath = (routes: readonly ServiceRoute[], parts: AppParts): Handler => {
  const handlers = new Map(routes.map((route) => [route.method as string, serveRoute(route, parts)]));
  const allow = [...handlers.keys()].join(', ');
  return (c) => {
    // The application asks for HEAD as GET, and leaves the body out.
    const handler = handlers.get(c.req.method === 'HEAD' ? 'GET' : c.req.method);
    if (handler !== undefined) return handler(c);
    const detail = `${c.req.method} is not for this path`;
    throw new Problem('method_not_allowed', detail, { remedy: `Use ${allow}.` }, { allow });
  };
};

const serveRoute = (route: ServiceRoute, parts: AppParts): Handler => {
  const name = `${route.method} ${route.path}`;
  const refuse = (error: unknown): Response => {
    const response = toResponse(toProblem(error, parts));
    parts.onAnswer(name, response.status);
    return response;
  };
  const write = (given: Answer | Response, c: Context<Env>): Response => {
    parts.onAnswer(name, given.status);
    return given instanceof Response ? given : send(given, c.env.outgoing);
  };
  return (c) => {
    try {
      const given = answer(route, c, parts);
      return given instanceof Promise ? given.then((late) => write(late, c)).catch(refuse) : write(given, c);
    } catch (error) {
      return refuse(error);
    }
  };
};

type Given = Answer | Response | Promise<Answer | Response>;

/** At once where nothing is to be waited for: a token from memory is. */
const answer = (route: ServiceRoute, c: Context<Env>, parts: AppParts): Given => {
  if (route.scope === undefined) return handle(route, c, parts, NOBODY);
  const { book, wrongKeys, forwardedHops } = parts;
  const { req } = c;
  const address = (): string =>
    clientAddress(c.env.incoming.socket.remoteAddress, req.header('x-forwarded-for'), forwardedHops);
  const key = authenticate({ book, wrongKeys }, req.header('authorization'), route.scope, address);
  return key instanceof Promise
    ? key.then((found) => handle(route, c, parts, found))
    : handle(route, c, parts, key);
};

const handle = (
  route: ServiceRoute,
  { req }: Context<Env>,
  { context }: AppParts,
  key: ServiceKey,
): Given => {
  checkEncoding(req.url);
  const name = req.param('name') ?? '';
  if (name !== '') checkVisible(key, name);
  const query =
    req.url.includes('?') || route.query !== undefined ? readQuery(req.url, route.query ?? NO_QUERY) : {};
  const given = (body: unknown): Given => {
    const call: Call<unknown, unknown> = { context, key, name, query, body, request: req.raw };
    return route.handle(call as Call<never, never>);
  };
  return route.body === undefined ? given(undefined) : readBody(req.raw, route.body).then(given);
};

/** In one write of text: through a `Response` and its stream, an answer from memory costs twice as much. */
const send = ({ status, body, headers }: Answer, outgoing: HttpBindings['outgoing']): Response => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  outgoing.writeHead(status, {
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  outgoing.end(text);
  return RESPONSE_ALREADY_SENT;
};

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

/** Who asked has hung up: nobody reads this. */
const unanswered = (): Problem =>
  new Problem('overloaded', 'The request was cancelled', { remedy: 'Ask again.' }, retryAfter(1000));
