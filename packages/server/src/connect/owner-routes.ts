import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { Grant } from '../grants/grant.ts';
import { standingOf } from '../grants/standing.ts';
import type { Route, Visit } from '../wire/route.ts';
import { readGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { ConnectContext } from './context.ts';
import { html } from './pages/html.ts';
import { renderMessage } from './pages/message-page.ts';
import { NOTICES, ownerPage, writeNotice } from './pages/owner-page.ts';
import type { SharedGrant } from './pages/owner-page.ts';
import { redirect, renderPage } from './pages/page.ts';
import { createForm, readSentForm } from './session-form.ts';
import { readSession, startSession } from './sign-in/session.ts';
import type { Owner } from './sign-in/owner.ts';
import { createPageContext } from './pages/page-context.ts';
import { revokeGrant } from '../operations/revoke-grant.ts';
import { requireSignIn, ownerFor, handleSignInForm, signInMethodsFor } from './sign-in/sign-in.ts';

const OWNER_PATH = '/connect';
const PAGE_GRANTS = 100;
/** Grants of one owner that are looked at, ended ones among them. */
const GRANTS_MAX = 2000;
/** Grants that are shown at a time, the newest; as these end, older ones take their place. */
const SHOWN_MAX = 100;

/** An owner's own page: what they allowed, and its end. */
export const createOwnerRoutes = (context: ConnectContext): Readonly<Record<string, Route>> => {
  // Whoever chose a simulated owner for one request is no owner here: simulated owners are everybody's.
  const methods = signInMethodsFor(context, false);

  const show: Route = async (visit) => {
    const pageContext = createPageContext(context, visit.request);
    const done = readQuery(visit.request.query)?.get('done');
    const notice = NOTICES.find((one) => one === done);
    const session = await readSession(context, visit);
    const owner = ownerFor(session, methods);
    if (session === undefined || owner === undefined) {
      const lead = html`${writeNotice(pageContext, notice)}
        <p class="lead">${pageContext.texts.owner.signInLead}</p>`;
      return requireSignIn(context, visit, pageContext, methods, { canCancel: false, lead });
    }
    const shared = await listShared(context, owner, visit.exchange.nowMs);
    return renderPage(
      ownerPage(pageContext, { owner, shared, notice }, createForm(context, session, pageContext)),
      pageContext,
    );
  };

  const take: Route = async (visit) => {
    const whole = createPageContext(context, visit.request);
    const pageContext = { ...whole, target: `${whole.base}${targetWithout(visit)}` };
    const form = await readSentForm(context, visit);
    if (form === undefined) return renderMessage('pageExpired', pageContext);
    const { action, session, fields } = form;
    if (action === 'sign_out') {
      const { cookie } = await startSession(context, undefined, visit.exchange.nowMs);
      return redirect(withNotice(pageContext.target, 'signedOut'), 303, cookie);
    }
    const signIn = await handleSignInForm(context, visit, form, pageContext, methods);
    if (signIn !== undefined) return signIn;
    const owner = ownerFor(session, methods);
    const id = readGrantId(fields.get('grant') ?? '');
    if (action !== 'remove' || id === undefined || owner === undefined)
      return redirect(pageContext.target, 303);
    return end(visit, owner, id, pageContext.target);
  };

  /** Only what the owner gave is theirs to end; of anything else nothing is said. */
  const end = async (visit: Visit, owner: Owner, id: GrantId, target: string): Promise<WireResponse> => {
    const { requestId, nowMs } = visit.exchange;
    const [grant] = await context.store.listConsents(owner.subject, { after: id - 1n, limit: 1 });
    if (grant?.id !== id || grant.subject !== owner.subject) return redirect(target, 303);
    await revokeGrant(context, grant, { cause: 'owner', nowMs, requestId });
    return redirect(withNotice(target, 'removed'), 303);
  };

  return { [`GET ${OWNER_PATH}`]: show, [`POST ${OWNER_PATH}`]: take };
};

/** The page's own address without what was told last; the language stays. */
const targetWithout = ({ request }: Visit): string => {
  const lang = readQuery(request.query)?.get('lang');
  return lang === undefined ? OWNER_PATH : `${OWNER_PATH}?lang=${encodeURIComponent(lang)}`;
};

const withNotice = (target: string, notice: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}done=${notice}`;

/** The living grants of an owner, newest first. */
const listShared = async (
  { store }: ConnectContext,
  { subject }: Owner,
  nowMs: number,
): Promise<readonly SharedGrant[]> => {
  const living: Omit<SharedGrant, 'vehicles'>[] = [];
  for await (const grant of consentsOf(store, subject)) {
    const { client } = await store.readClient(grant.clientId);
    if (client !== undefined && standingOf(grant, client.policy, nowMs).status === 'active')
      living.push({ grant, client });
  }
  const shown = living
    .sort((left, right) => right.grant.createdAt - left.grant.createdAt)
    .slice(0, SHOWN_MAX);
  return Promise.all(
    shown.map(async (one) => ({ ...one, vehicles: await store.listVehicles(one.grant.id) })),
  );
};

const consentsOf = async function* (
  store: ConnectContext['store'],
  subject: string,
): AsyncGenerator<Grant, void> {
  let after: GrantId | undefined;
  for (let seen = 0; seen < GRANTS_MAX; seen += PAGE_GRANTS) {
    const grants = await store.listConsents(subject, { after, limit: PAGE_GRANTS });
    yield* grants;
    if (grants.length < PAGE_GRANTS) return;
    after = grants.at(-1)?.id;
  }
};
