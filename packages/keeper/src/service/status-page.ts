import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { StoreError } from '../errors.ts';
import { readOverview } from '../operations/read-overview.ts';
import type { Overview } from '../operations/read-overview.ts';
import { PAGE_HEADERS, renderMessage, renderStatusPage } from '../status-page/page.ts';
import { authenticate } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { KeyBook } from './key-book.ts';
import { Problem, PROBLEMS, retryAfter } from './problem.ts';
import type { ServiceContext } from './route.ts';
import type { WrongKeys } from './wrong-keys.ts';

/** What the page needs of the service. */
type StatusParts = {
  readonly context: ServiceContext;
  readonly book: KeyBook;
  readonly wrongKeys: WrongKeys;
  readonly forwardedHops: number;
};

type Bindings = { readonly Bindings: HttpBindings };

const CHALLENGE = 'Basic realm="keyfob-keeper, the password is a key of the service", charset="UTF-8"';
/** However many people look, the store is read so often at most. */
const READ_MS = 1000;

/**
 * Serves the status page at `/`. A browser asks for a password, which is a key with the scope `grants:read`: names of cars are
 * nobody else's business, also on this machine.
 */
export const addStatusPage = (app: Hono<Bindings>, parts: StatusParts): void => {
  const read = createReader(parts.context);
  app.get('/', async (c) => {
    try {
      await checkKey(c, parts);
      return new Response(renderStatusPage(await read()), { headers: PAGE_HEADERS });
    } catch (error) {
      return toPage(toProblem(error));
    }
  });
};

const checkKey = async ({ req, env }: Context<Bindings>, parts: StatusParts): Promise<void> => {
  const address = (): string =>
    clientAddress(env.incoming.socket.remoteAddress, req.header('x-forwarded-for'), parts.forwardedHops);
  const key = await authenticate(parts, toBearer(req.header('authorization')), 'grants:read', address);
  if (key.namePrefix === undefined) return;
  throw new Problem('name_not_visible', 'The key sees only some connections, and the page shows all', {
    remedy: 'Use a key without a prefix.',
  });
};

/** A password as the key that it is. @see RFC 7617 */
const toBearer = (authorization: string | undefined): string | undefined => {
  const basic = /^basic +(?<pair>[A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '')?.groups?.['pair'];
  if (basic === undefined) return authorization;
  const pair = Buffer.from(basic, 'base64').toString();
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`;
};

const createReader = ({ keeper, parts, reconnectUrl }: ServiceContext): (() => Promise<Overview>) => {
  const { store, clients, clock } = parts.engine;
  const summaries = [...clients].map(([name, { provider, perSecondMax }]) => ({
    name,
    provider: provider.name,
    perSecondMax,
  }));
  let readAtMs = -Infinity;
  let last: Promise<Overview> | undefined;
  return () => {
    if (last === undefined || clock.monotonicMs() - readAtMs >= READ_MS) {
      readAtMs = clock.monotonicMs();
      last = readOverview({
        store,
        clients: summaries,
        reconnectUrl,
        quarantine: keeper.quarantine(),
        forecastEnds: keeper.forecastEnds,
      });
    }
    return last;
  };
};

const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (!(error instanceof StoreError)) throw error;
  return new Problem(
    'store_unavailable',
    'The store cannot be reached at this moment',
    { remedy: 'Load the page again. No grant is lost meanwhile.' },
    retryAfter(1000),
  );
};

/** A problem as a page. A browser then asks for another password. */
const toPage = ({ code, message, members, headers }: Problem): Response => {
  const [status, title] = PROBLEMS[code];
  return new Response(renderMessage(title, `${message}. ${members.remedy}`), {
    status,
    headers: { ...headers, ...PAGE_HEADERS, ...(status === 401 ? { 'www-authenticate': CHALLENGE } : {}) },
  });
};
