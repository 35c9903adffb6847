import type { Dialect } from '../../dialects/dialect.ts';
import { DIALECTS } from '../../dialects/dialects.ts';
import { Refusal } from '../../errors.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import { readQuery } from '../../wire/query.ts';
import type { Route, Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { callbackPage, withoutCodePage } from '../pages/demo-callback-page.ts';
import { createPageContext } from '../pages/page-context.ts';
import { renderPage } from '../pages/page.ts';
import { faultOf } from '../../dialects/check-authorization-request.ts';
import { refusePage } from '../refuse-page.ts';
import { createForm, readSentForm } from '../session-form.ts';
import { deriveSecret, readSession, startSession } from '../sign-in/session.ts';
import type { Session } from '../sign-in/session.ts';
import { demoCallbackPath } from './demo-clients.ts';
import type { DemoContext, DemoCredentials } from './demo-clients.ts';

/** A browser that is back from consent, with its code. */
type Arrival = {
  readonly context: ConnectContext;
  readonly demo: DemoContext;
  readonly visit: Visit;
  readonly dialect: Dialect;
  readonly client: DemoCredentials;
  readonly code: string;
};

/**
 * The redirect URIs of the demo clients: a page that stands in for an app. It shows the code, the command that exchanges it,
 * and a button that does the same here. There are none without a demo.
 */
export const createDemoRoutes = (context: ConnectContext): Readonly<Record<string, Route>> => {
  const { demo } = context;
  if (demo === undefined) return {};
  const routes = Object.values(DIALECTS).flatMap((dialect: Dialect) => {
    const path = demoCallbackPath(dialect.name);
    const route =
      (answer: (arrival: Arrival) => Promise<WireResponse>): Route =>
      (visit) => {
        const arrival = readArrival(context, demo, dialect, visit);
        return 'status' in arrival ? arrival : answer(arrival);
      };
    return [
      [`GET ${path}`, route(showCode)],
      [`POST ${path}`, route(exchange)],
    ];
  });
  return Object.fromEntries(routes) as Readonly<Record<string, Route>>;
};

/** An error code of RFC 6749 §4.1.2.1. Anything else in the address is not shown. */
const ERROR = /^[a-z_]{1,40}$/;

const readArrival = (
  context: ConnectContext,
  demo: DemoContext,
  dialect: Dialect,
  visit: Visit,
): Arrival | WireResponse => {
  const client = demo.clients.find(dialect.name);
  if (client === undefined) throw new Refusal('path_unknown');
  const parameters = readQuery(visit.request.query);
  const code = parameters?.get('code');
  if (code === undefined) {
    const pageContext = createPageContext(context, visit);
    const error = parameters?.get('error') ?? '';
    return renderPage(withoutCodePage(pageContext, ERROR.test(error) ? error : undefined), pageContext);
  }
  // The page shows the code in a shell command, so it must have the form of a code.
  if (dialect.shapes.code.read(code) === 'malformed')
    throw faultOf('code_malformed', 'code', 'does not have the form of an authorization code');
  return { context, demo, visit, dialect, client, code };
};

const showCode = async ({ context, visit, ...arrival }: Arrival): Promise<WireResponse> => {
  const known = await readSession(context, visit);
  const { session, cookie } =
    known === undefined
      ? await startSession(context, {}, visit.exchange.nowMs)
      : { session: known, cookie: undefined };
  return renderArrival({ context, visit, ...arrival }, session, { cookie });
};

const exchange = async (arrival: Arrival): Promise<WireResponse> => {
  const { context, demo, visit, dialect, client, code } = arrival;
  const form = await readSentForm(context, visit);
  if (typeof form === 'string')
    return refusePage({ context, visit, pageContext: createPageContext(context, visit) }, form);
  const { path, headers, body } = dialect.examples.exchangeRequest(client, { ...client, code });
  const request = {
    method: 'POST',
    path,
    query: '',
    headers: {
      'user-agent': 'keyfob-demo',
      // The button may be pressed again, and the page loaded again.
      'idempotency-key': deriveSecret(context, form.session, 'demo exchange'),
      ...headers,
    },
    body: Buffer.from(body),
  };
  return renderArrival(arrival, form.session, { answer: await demo.send(request, visit.caller) });
};

const renderArrival = (
  { context, visit, dialect, client, code }: Arrival,
  session: Session,
  { answer, cookie }: { readonly answer?: WireResponse; readonly cookie?: string | undefined },
): WireResponse => {
  const pageContext = createPageContext(context, visit);
  const { clientId, secretInShell, redirectUri } = client;
  const command = dialect.examples.exchangeCommand(
    context.publicUrl,
    { clientId, clientSecret: secretInShell },
    { code, redirectUri },
  );
  const page = callbackPage(
    pageContext,
    { title: dialect.title, code, command, answer },
    createForm(context, session, pageContext),
  );
  return renderPage({ ...page, setCookie: cookie }, pageContext);
};
