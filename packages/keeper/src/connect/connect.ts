import { KeeperError } from '../errors.ts';
import type { Keeper } from '../keeper.ts';
import { problemOf, problemPage } from './problem-page.ts';
import type { ConnectProblem } from './problem-page.ts';
import { ownUrl } from './return-path.ts';
import { isState } from './ticket.ts';
import { ticketCookie } from './ticket-cookie.ts';

export type { ConnectProblem } from './problem-page.ts';

/** What the routes need to know. `Incoming` is what the framework calls a request. */
export type ConnectOptions<Incoming = Request> = {
  /** The client's name in the keeper. */
  readonly client: string;
  /** The absolute URL of the callback, as it is registered at the provider. */
  readonly redirectUri: string;
  /**
   * The connection that the car is kept under, from your own session. `undefined` where nobody is signed in. It is asked at the start,
   * sealed, and used when the owner comes back: nobody can put a name into a link.
   */
  nameOf(incoming: Incoming): string | undefined | Promise<string | undefined>;
  readonly scope?: readonly string[];
  /** Parameters of the connection, for example the brand. */
  paramsOf?(incoming: Incoming): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Further members of the authorization request, for example `{ mode: 'simulated' }`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Where the browser goes when the car is connected. A link may name another path of yours: `start?return_to=/cars`. */
  readonly done?: string;
  /** Called when the pair is on disk, before the browser is sent on. */
  onConnected?(name: string): void | Promise<void>;
  /** Your own page or redirect for a problem. `undefined` for the plain page. */
  onProblem?(problem: ConnectProblem): Response | undefined | Promise<Response | undefined>;
};

/** Two routes: `start` sends the owner to the consent, and `callback` is the redirect URI. Both answer GET only. */
export type ConnectRoutes<Incoming = Request> = {
  start(request: Request, incoming: Incoming): Promise<Response>;
  callback(request: Request): Promise<Response>;
};

const PARAMETER_MAX = 4096;
/** The code is in the URL of the callback: nothing may keep it, and no other site may see it. */
const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

/** The round trip of an owner to the consent and back, as two routes over `Request` and `Response`. Throws `KeeperError`. */
export const connectRoutes = <Incoming = Request>(
  keeper: Pick<Keeper, 'consent'>,
  options: ConnectOptions<Incoming>,
): ConnectRoutes<Incoming> => {
  const { client, redirectUri, scope = [], query = {} } = options;
  const flow = keeper.consent(client, redirectUri);
  const { origin } = new URL(redirectUri);
  const done = new URL(options.done ?? '/', origin).href;
  const cookie = ticketCookie(redirectUri);

  const answer = async (problem: ConnectProblem, setCookie?: string): Promise<Response> =>
    privately((await options.onProblem?.(problem)) ?? problemPage(problem), setCookie);

  return {
    async start(request, incoming) {
      if (request.method !== 'GET') return answer(problemOf('method_not_allowed', request.method));
      const { search, searchParams } = new URL(request.url);
      const name = await options.nameOf(incoming);
      if (name === undefined) return answer(problemOf('not_signed_in', 'not_signed_in'));
      const params = (await options.paramsOf?.(incoming)) ?? {};
      const note = noteOf({ search, to: ownUrl(searchParams.get('return_to'), origin) ?? done });
      try {
        const { url, state, ticket } = flow.begin({ name, scope, params, query, note });
        return privately(seeOther(url), cookie.set(state, ticket));
      } catch (error) {
        return answer(problemOf('unavailable', unlessNotNow(error)));
      }
    },
    async callback(request) {
      if (request.method !== 'GET') return answer(problemOf('method_not_allowed', request.method));
      const { searchParams } = new URL(request.url);
      const state = only(searchParams, 'state') ?? '';
      const ticket = isState(state) ? cookie.read(request.headers.get('cookie'), state) : undefined;
      const opened = ticket === undefined ? undefined : flow.open(state, ticket);
      if (ticket === undefined || opened === undefined)
        return answer(problemOf('state_invalid', 'state_invalid', 'start'));
      const { search, to } = readNote(opened.note);
      const startAgain = `start${search}`;
      const end = (kind: ConnectProblem['kind'], code: string): Promise<Response> =>
        answer(problemOf(kind, code, startAgain), cookie.clear(state));
      if (searchParams.has('error')) {
        const code = shortCode(only(searchParams, 'error'));
        return end(code === 'access_denied' ? 'declined' : 'refused', code);
      }
      const code = only(searchParams, 'code');
      if (code === undefined) return end('refused', 'code_missing');
      const result = await flow.complete(state, ticket, code).catch((error: unknown) => ({
        status: 'unavailable' as const,
        code: unlessNotNow(error),
      }));
      if (result === undefined) return end('state_invalid', 'state_invalid');
      // The cookie stays: the same page may succeed in a minute.
      if (result.status === 'unavailable') return answer(problemOf('unavailable', result.code));
      if (result.status !== 'connected') return end(result.status, result.code);
      await options.onConnected?.(result.name);
      return privately(seeOther(to), cookie.clear(state));
    },
  };
};

/** Codes of a keeper that sends nothing at this moment. Everything else is a fault of the program. */
const NOT_NOW: ReadonlySet<string> = new Set(['quarantined', 'keeper_closed']);

const unlessNotNow = (error: unknown): string => {
  if (error instanceof KeeperError && NOT_NOW.has(error.code)) return error.code;
  throw error;
};

const noteOf = (note: { readonly search: string; readonly to: string }): string => {
  const text = JSON.stringify(note);
  return text.length > 1200 ? JSON.stringify({ ...note, search: '' }) : text;
};

const readNote = (text: string): { search: string; to: string } =>
  JSON.parse(text) as { search: string; to: string };

/** A parameter that is there once, and not too long. */
const only = (parameters: URLSearchParams, name: string): string | undefined => {
  const [value, ...more] = parameters.getAll(name);
  return more.length === 0 && value !== undefined && value !== '' && value.length <= PARAMETER_MAX
    ? value
    : undefined;
};

/** A code as it may stand in a log. */
const shortCode = (code = ''): string => (/^[\w.-]{1,40}$/.test(code) ? code : 'unprintable');

/** 303: what comes next is a GET, whatever this was. */
const seeOther = (location: string): Response => new Response(null, { status: 303, headers: { location } });

const privately = (response: Response, setCookie?: string): Response => {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(PRIVATE_HEADERS)) headers.set(name, value);
  if (setCookie !== undefined) headers.append('set-cookie', setCookie);
  return new Response(response.body, { status: response.status, headers });
};
