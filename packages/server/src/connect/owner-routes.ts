import { readNow } from '../clock.ts';
import type { Now } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import { standingOf } from '../grants/standing.ts';
import { revokeGrant } from '../operations/revoke-grant.ts';
import { readGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { Route, Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { html } from './pages/html.ts';
import { NOTICES, ownerPage, renderNotice } from './pages/owner-page.ts';
import type { Notice, SharedGrant } from './pages/owner-page.ts';
import { createPageContext } from './pages/page-context.ts';
import { redirect, renderPage } from './pages/page.ts';
import { refusePage } from './refuse-page.ts';
import { createForm, readSentForm } from './session-form.ts';
import type { Owner } from './sign-in/owner.ts';
import { ownerOf, readOwner, signInMethodsFor } from './sign-in/owner-visit.ts';
import type { OwnerVisit } from './sign-in/owner-visit.ts';
import { startSession } from './sign-in/session.ts';
import { handleSignInForm, requireSignIn } from './sign-in/sign-in.ts';

const OWNER_PATH = '/connect';
/** Grants that are read from the store at a time. */
const READ_AT_ONCE = 100;
/** Grants of one owner that are read at most, revoked ones included. */
const READ_MAX = 2000;
/** The newest active grants are shown. Older ones appear when access of newer ones is removed. */
const SHOWN_MAX = 100;

/** The owner page: lists what an owner shares, and removes access. */
export const createOwnerRoutes = (context: ConnectContext): Readonly<Record<string, Route>> => {
  const route =
    (answer: (ownerVisit: OwnerVisit) => Promise<WireResponse>): Route =>
    (visit) => {
      const pageContext = createPageContext(context, visit);
      // Outside of a demo, simulated owners have no page, because anyone can sign in as one of them.
      return answer({ context, visit, pageContext, methods: signInMethodsFor(context, false) });
    };
  return { [`GET ${OWNER_PATH}`]: route(showShared), [`POST ${OWNER_PATH}`]: route(submitForm) };
};

const showShared = async (ownerVisit: OwnerVisit): Promise<WireResponse> => {
  const { context, visit, pageContext } = ownerVisit;
  const done = readQuery(visit.request.query)?.get('done');
  const notice = NOTICES.find((one) => one === done);
  const signedIn = await readOwner(ownerVisit);
  if (signedIn === undefined) {
    const lead = html`${renderNotice(pageContext, notice)}
      <p class="lead">${pageContext.texts.owner.signInLead}</p>`;
    return requireSignIn(ownerVisit, { canCancel: false, lead });
  }
  const { session, owner } = signedIn;
  const shared = await listShared(context, owner, readNow(context));
  const form = createForm(context, session, pageContext);
  return renderPage(ownerPage(pageContext, { owner, shared, notice }, form), pageContext);
};

const submitForm = async (ownerVisit: OwnerVisit): Promise<WireResponse> => {
  const { context, visit, methods } = ownerVisit;
  const target = `${ownerVisit.pageContext.base}${targetWithoutNotice(visit)}`;
  const pageContext = { ...ownerVisit.pageContext, target };
  const form = await readSentForm(context, visit);
  if (typeof form === 'string') return refusePage({ context, visit, pageContext }, form);
  const { action, session, fields } = form;
  if (action === 'sign_out') {
    const { cookie } = await startSession(context, undefined, visit.exchange.nowMs);
    return redirect(withNotice(target, 'signedOut'), 303, cookie);
  }
  const signIn = await handleSignInForm({ ...ownerVisit, pageContext }, form);
  if (signIn !== undefined) return signIn;
  const owner = ownerOf(session, methods);
  const id = readGrantId(fields.get('grant') ?? '');
  if (action !== 'remove' || id === undefined || owner === undefined) return redirect(target, 303);
  const isRemoved = await removeAccess(context, owner, id, visit);
  return redirect(isRemoved ? withNotice(target, 'removed') : target, 303);
};

/** Revokes a grant of this owner. Returns `false`, and nothing else, for a grant of another owner. */
const removeAccess = async (
  context: ConnectContext,
  { subject }: Owner,
  id: GrantId,
  { exchange: { requestId } }: Visit,
): Promise<boolean> => {
  const [grant] = await context.store.listConsents(subject, { after: id - 1n, limit: 1 });
  if (grant?.id !== id || grant.subject !== subject) return false;
  await revokeGrant(context, grant, { cause: 'owner', requestId });
  return true;
};

/** The address of the page without its last notice; the language stays. */
const targetWithoutNotice = ({ request }: Visit): string => {
  const lang = readQuery(request.query)?.get('lang');
  return lang === undefined ? OWNER_PATH : `${OWNER_PATH}?lang=${encodeURIComponent(lang)}`;
};

const withNotice = (target: string, notice: Notice): string =>
  `${target}${target.includes('?') ? '&' : '?'}done=${notice}`;

/** The grants of an owner that work, newest first. One that a clock in doubt may have ended works, and can be removed. */
const listShared = async (
  { store }: ConnectContext,
  { subject }: Owner,
  now: Now,
): Promise<readonly SharedGrant[]> => {
  const active: Omit<SharedGrant, 'vehicles'>[] = [];
  for await (const grant of readConsents(store, subject)) {
    const { client } = await store.readClient(grant.clientId);
    if (client === undefined) continue;
    const { status } = standingOf(grant, client.policy, now);
    if (status === 'active' || status === 'in_doubt') active.push({ grant, client });
  }
  const shown = active
    .sort((left, right) => right.grant.createdAtMs - left.grant.createdAtMs)
    .slice(0, SHOWN_MAX);
  return Promise.all(
    shown.map(async (one) => ({ ...one, vehicles: await store.listVehicles(one.grant.id) })),
  );
};

const readConsents = async function* (
  store: ConnectContext['store'],
  subject: string,
): AsyncGenerator<Grant, void> {
  let after: GrantId | undefined;
  for (let read = 0; read < READ_MAX; read += READ_AT_ONCE) {
    const grants = await store.listConsents(subject, { after, limit: READ_AT_ONCE });
    yield* grants;
    if (grants.length < READ_AT_ONCE) return;
    after = grants.at(-1)?.id;
  }
};
