import { readNow } from '../clock.ts';
import type { Now } from '../clock.ts';
import { findDialect } from '../dialects/dialects.ts';
import type { Grant } from '../grants/grant.ts';
import { withdrawConsent } from '../operations/withdraw-consent.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Client } from '../clients/client.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { Route, Visit } from '../wire/route.ts';
import { changeAgreement } from './change-agreement.ts';
import type { ConnectContext } from './context.ts';
import { openNotice, sealNotice, withNotice } from './notices.ts';
import { html } from './pages/html.ts';
import { ownerPage, REMOVAL_FIELDS, renderNotice } from './pages/owner-page.ts';
import type { Notice } from './pages/owner-page.ts';
import { createPageContext } from './pages/page-context.ts';
import { renderPage } from './pages/page.ts';
import { redirect } from './pages/redirect.ts';
import { downloadRecords, RECORDS_PATH } from './records-route.ts';
import { refusePage } from './refuse-page.ts';
import { createForm, readSentForm } from './session-form.ts';
import type { SentForm } from './session-form.ts';
import { describeShared, groupActive, listEnded } from './shared-access.ts';
import type { EndedAccess, OwnersGrant, SharedAccess } from './shared-access.ts';
import type { Owner } from './sign-in/owner.ts';
import { ownerOf, signInMethodsFor } from './sign-in/owner-visit.ts';
import type { OwnerVisit } from './sign-in/owner-visit.ts';
import { readSession } from './sign-in/session.ts';
import { handleSignInForm, requireSignIn } from './sign-in/sign-in.ts';
import { signOut } from './sign-in/sign-out.ts';

const OWNER_PATH = '/connect';
/** Grants that are read from the store at a time. */
const READ_AT_ONCE = 100;
/** Grants of one owner that are read at most, revoked ones included. */
const READ_MAX = 2000;
/** The cards with the newest consents are shown. Older ones appear when access of newer ones is removed. */
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
  return {
    [`GET ${OWNER_PATH}`]: route(showShared),
    [`POST ${OWNER_PATH}`]: route(submitForm),
    [`GET ${RECORDS_PATH}`]: route((ownerVisit) => downloadRecords(ownerVisit, OWNER_PATH)),
  };
};

const showShared = async (ownerVisit: OwnerVisit): Promise<WireResponse> => {
  const { context, visit, pageContext, methods } = ownerVisit;
  const session = await readSession(context, visit);
  const query = readQuery(visit.request.query);
  // A provider returns the notice as the state of a sign-out.
  const done = query?.get('done') ?? query?.get('state');
  const notice = session === undefined ? undefined : openNotice(context, session, done);
  const owner = session === undefined ? undefined : ownerOf(session, methods);
  if (session === undefined || owner === undefined) {
    const lead = html`${renderNotice(pageContext, notice)}
      <p class="lead">${pageContext.texts.owner.signInLead}</p>`;
    return requireSignIn(ownerVisit, { canCancel: false, lead });
  }
  const listed = await listShared(context, owner, readNow(context));
  const form = createForm(context, session, pageContext);
  return renderPage(
    ownerPage(pageContext, { owner, ...listed, notice, recordsPath: RECORDS_PATH }, form),
    pageContext,
  );
};

const submitForm = async (ownerVisit: OwnerVisit): Promise<WireResponse> => {
  const { context, visit, methods } = ownerVisit;
  const target = `${ownerVisit.pageContext.base}${targetWithoutNotice(visit)}`;
  const pageContext = { ...ownerVisit.pageContext, target };
  const form = await readSentForm(context, visit);
  if (typeof form === 'string') return refusePage({ context, visit, pageContext }, form);
  const { action, session } = form;
  if (action === 'sign_out') return signOut({ ...ownerVisit, pageContext }, session);
  const signIn = await handleSignInForm({ ...ownerVisit, pageContext }, form);
  if (signIn !== undefined) return signIn;
  const owner = ownerOf(session, methods);
  if (owner === undefined) return redirect(pageContext, target, { status: 303 });
  const isChange = action === 'change_data' || action === 'end_data';
  const notice = await (isChange ? changeAgreement : remove)(context, owner, form, visit);
  const location = notice === undefined ? target : withNotice(target, sealNotice(context, session, notice));
  return redirect(pageContext, location, { status: 303 });
};

/** Removes what a form names, if the owner shares it. Returns `undefined` if nothing was removed. Throws `StoreError`. */
const remove = async (
  context: ConnectContext,
  { subject }: Owner,
  { action, fields }: SentForm,
  { caller, exchange: { requestId } }: Visit,
): Promise<Notice | undefined> => {
  const vehicleId = fields.get(REMOVAL_FIELDS.vehicle);
  const isAboutVehicle = action === 'remove_vehicle' && vehicleId !== undefined;
  if (action !== 'remove' && !isAboutVehicle) return undefined;
  const { client } = await context.store.readClient(fields.get(REMOVAL_FIELDS.client) ?? '');
  if (client === undefined) return undefined;
  const withdrawn = await withdrawConsent(
    context,
    client,
    {
      subject,
      brand: fields.get(REMOVAL_FIELDS.brand),
      vehicleId: isAboutVehicle ? vehicleId : undefined,
      endsWhenEmpty: endsWhenEmpty(client),
    },
    { requestId, caller },
  );
  if (isAboutVehicle) return withdrawn.disconnected > 0 ? 'vehicleRemoved' : undefined;
  return withdrawn.revoked > 0 ? 'removed' : undefined;
};

/** Whether access ends with its last vehicle: where owners choose vehicles by themselves, they may choose again. */
const endsWhenEmpty = ({ dialect }: Client): boolean => {
  const known = findDialect(dialect);
  return known !== undefined && known.vehicleSelection === undefined;
};

/** The address of the page without its last notice; the language stays. */
const targetWithoutNotice = ({ request }: Visit): string => {
  const lang = readQuery(request.query)?.get('lang');
  return lang === undefined ? OWNER_PATH : `${OWNER_PATH}?lang=${encodeURIComponent(lang)}`;
};

/** What an owner shares, and what has ended but is still accepted somewhere. */
const listShared = async (
  { store }: ConnectContext,
  { subject }: Owner,
  now: Now,
): Promise<{ readonly shared: readonly SharedAccess[]; readonly ended: readonly EndedAccess[] }> => {
  const grants: OwnersGrant[] = [];
  for await (const grant of readConsents(store, subject)) {
    const { client } = await store.readClient(grant.clientId);
    if (client !== undefined) grants.push({ grant, client });
  }
  const shared = groupActive(grants, now)
    .slice(0, SHOWN_MAX)
    .flatMap((group) => (group[0] === undefined ? [] : [readShared(store, group[0].client, group, now)]));
  return { shared: await Promise.all(shared), ended: listEnded(grants, now) };
};

const readShared = async (
  store: ConnectContext['store'],
  client: Client,
  group: readonly OwnersGrant[],
  { nowMs }: Now,
): Promise<SharedAccess> => {
  const covering = await Promise.all(
    group.map(async ({ grant }) => ({ grant, vehicles: await store.listVehicles(grant.id) })),
  );
  return describeShared(client, covering, { nowMs, endsWhenEmpty: endsWhenEmpty(client) });
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
