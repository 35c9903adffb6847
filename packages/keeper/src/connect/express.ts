import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Keeper } from '../keeper.ts';
import { connectRoutes as createRoutes } from './connect.ts';
import type { ConnectOptions } from './connect.ts';

/** The part of a request of Express that is used here. */
type MountedRequest = IncomingMessage & { readonly path: string };
type Next = (error?: unknown) => void;

/**
 * The two routes for Express: `app.use('/connect', connectRoutes(keeper, options))` gives `/connect/start` and
 * `/connect/callback`. `Incoming` is your type of a request, with its session.
 */
export const connectRoutes = <Incoming extends IncomingMessage = MountedRequest>(
  keeper: Pick<Keeper, 'consent'>,
  options: ConnectOptions<Incoming>,
): ((request: Incoming, response: ServerResponse, next: Next) => void) => {
  const routes = createRoutes(keeper, options);
  const answer = async (request: Incoming): Promise<Response | undefined> => {
    const path = (request as unknown as MountedRequest).path;
    if (path === '/start') return routes.start(webRequest(request, options.redirectUri), request);
    if (path === '/callback') return routes.callback(webRequest(request, options.redirectUri));
    return undefined;
  };
  const serve = async (request: Incoming, response: ServerResponse, next: Next): Promise<void> => {
    try {
      const answered = await answer(request);
      if (answered === undefined) return next();
      response.writeHead(answered.status, Object.fromEntries(answered.headers));
      response.end(await answered.text());
    } catch (error) {
      next(error);
    }
  };
  return (request, response, next) => void serve(request, response, next);
};

/** Only method, path, query and cookies are read. The host of a request is not believed: it is that of the redirect URI. */
const webRequest = ({ method = 'GET', url = '/', headers }: IncomingMessage, redirectUri: string): Request =>
  new Request(new URL(`.${url.replace(/^\/+/, '/')}`, redirectUri), {
    method: method === 'TRACE' || method === 'CONNECT' ? 'POST' : method,
    headers: headers.cookie === undefined ? {} : { cookie: headers.cookie },
  });
