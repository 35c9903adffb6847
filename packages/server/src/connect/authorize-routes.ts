import { redirectTo } from '../dialects/authorization.ts';
import type { Denial, RequestedVehicles } from '../dialects/authorization.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { Refusal } from '../errors.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import { isAskedFor } from '../grants/vehicle-data.ts';
import type { VehicleData } from '../grants/vehicle-data.ts';
import { giveConsent } from '../operations/give-consent.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Route, Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { consentPage, noVehiclesPage } from './pages/consent-page.ts';
import { renderMessage } from './pages/message-page.ts';
import { nameClient } from './pages/names.ts';
import { createPageContext } from './pages/page-context.ts';
import { renderPage, SWITCH_LANGUAGE } from './pages/page.ts';
import { redirect } from './pages/redirect.ts';
import { keepChosen, readChoice, selectOnly } from './pages/vehicle-choice.ts';
import type { ChoiceState, VehicleChoice } from './pages/vehicle-choice.ts';
import { parseAuthorizationRequest } from './parse-authorization-request.ts';
import type { ParsedRequest } from './parse-authorization-request.ts';
import { refusePage } from './refuse-page.ts';
import { createForm, readSentForm } from './session-form.ts';
import type { SentForm } from './session-form.ts';
import type { Owner } from './sign-in/owner.ts';
import { ownerOf, readOwner, signInMethodsFor } from './sign-in/owner-visit.ts';
import type { OwnerVisit } from './sign-in/owner-visit.ts';
import type { Session } from './sign-in/session.ts';
import { handleSignInForm, requireSignIn } from './sign-in/sign-in.ts';
import { listVehicles } from './vehicles/list-vehicles.ts';

/** An authorization request that waits for the owner's decision. */
type PendingRequest = ParsedRequest & OwnerVisit & { readonly dialect: Dialect };

/** The authorization endpoint of a dialect: signs an owner in, asks for consent, and redirects to the client. */
export const createAuthorizeRoutes = (
  context: ConnectContext,
  dialect: Dialect,
): Readonly<Record<string, Route>> => {
  const { path } = dialect.authorization;
  const route =
    (answer: (pending: PendingRequest) => Promise<WireResponse>): Route =>
    async (visit) => {
      const pending = await readPendingRequest(context, dialect, visit);
      return 'status' in pending ? pending : answer(pending);
    };
  return { [`GET ${path}`]: route(showConsent), [`POST ${path}`]: route(submitDecision) };
};

const readPendingRequest = async (
  context: ConnectContext,
  dialect: Dialect,
  visit: Visit,
): Promise<PendingRequest | WireResponse> => {
  const parsed = await parseAuthorizationRequest(context, dialect, visit);
  if ('status' in parsed) return parsed;
  const { lang, redirectUri, brand, vehicles, isSimulated } = parsed.request;
  const make = brand ?? (vehicles.when === 'now' ? vehicles.make : undefined);
  const { keepsOpener } = dialect.authorization;
  const pageContext = createPageContext(context, visit, { lang, make, redirectUri, keepsOpener });
  const methods = signInMethodsFor(context, isSimulated, parsed.client);
  return { ...parsed, context, dialect, visit, pageContext, methods };
};

const showConsent = async (pending: PendingRequest): Promise<WireResponse> => {
  const signedIn = await readOwner(pending);
  return signedIn === undefined
    ? requireSignIn(pending, { canCancel: true })
    : renderConsent(pending, signedIn, { hasError: false });
};

/** Renders the consent page, or a message if the owner has nothing to share. */
const renderConsent = async (
  pending: PendingRequest,
  { session, owner }: { readonly session: Session; readonly owner: Owner },
  { hasError, chosen }: ChoiceState,
): Promise<WireResponse> => {
  const { context, client, request, pageContext } = pending;
  const form = createForm(context, session, pageContext);
  const choice = await offerVehicles(pending, owner, chosen);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const page =
    choice?.offered.length === 0
      ? noVehiclesPage(pageContext, owner, nameClient(client), form)
      : consentPage(pageContext, { client, request, owner }, form, { choice, hasError });
  return renderPage(page, pageContext);
};

/** The vehicles that the owner can share; `undefined` if the dialect asks for them later. */
const offerVehicles = async (
  { context, request: { vehicles: requested, vehicleData }, visit }: PendingRequest,
  owner: Owner,
  chosen?: SentForm['fields'],
): Promise<VehicleChoice | 'unavailable' | undefined> => {
  if (requested.when === 'later') return undefined;
  const vehicles = await listVehicles(context, owner, visit);
  if (vehicles === 'unavailable') return vehicles;
  const offered = vehicles.filter((vehicle) => isRequested(vehicle, requested, vehicleData));
  return keepChosen({ offered, isSingle: requested.isSingle, selected: selectOnly(offered) }, chosen);
};

const isRequested = (
  { id, make, vin }: Vehicle,
  requested: RequestedVehicles & { when: 'now' },
  vehicleData: VehicleData | undefined,
): boolean =>
  (requested.make === undefined || requested.make === make) &&
  (requested.vin === undefined || requested.vin === vin) &&
  isAskedFor({ id, vin }, vehicleData);

const submitDecision = async (pending: PendingRequest): Promise<WireResponse> => {
  const { context, visit, pageContext, methods } = pending;
  const form = await readSentForm(context, visit);
  if (typeof form === 'string') return refusePage(pending, form);
  const { action, session, fields } = form;
  if (action === 'decline' || action === 'no_vehicles') return decline(pending, action);
  const signIn = await handleSignInForm(pending, form);
  if (signIn !== undefined) return signIn;
  const owner = ownerOf(session, methods);
  if (owner !== undefined && action === SWITCH_LANGUAGE)
    return renderConsent(pending, { session, owner }, { hasError: false, chosen: fields });
  if (owner === undefined || action !== 'agree')
    return redirect(pageContext, pageContext.target, { status: 303 });
  const choice = await offerVehicles(pending, owner);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const vehicles = choice === undefined ? [] : readChoice(fields, choice);
  if (choice !== undefined && vehicles.length === 0)
    return renderConsent(pending, { session, owner }, { hasError: true });
  return agree(pending, owner, vehicles);
};

const agree = async (
  { context, dialect, client, request, grantId, visit, pageContext }: PendingRequest,
  { subject }: Owner,
  vehicles: readonly Vehicle[],
): Promise<WireResponse> => {
  const { codeChallenge, keyThumbprint, scope, brand, vehicleData } = request;
  const redirectUri = request.isRedirectUriNamed ? request.redirectUri : undefined;
  const bound = { codeChallenge, keyThumbprint };
  const shown = { language: pageContext.language, version: PACKAGE_VERSION };
  const agreed = vehicleData === undefined ? {} : { vehicleData: { ...vehicleData, shown } };
  const what = { scope, brand, subject, vehicles, ...agreed };
  const consent = { clientId: client.id, redirectUri, ...bound, ...what };
  const given = await giveConsent(context, dialect, consent, {
    ...visit.exchange,
    caller: visit.caller,
    pushedGrantId: grantId,
  });
  if (given.outcome === 'client_unknown') throw new Refusal('client_unknown');
  if (given.outcome === 'used') return refusePage({ context, visit, pageContext }, 'request_uri_used');
  const parameters = dialect.authorization.renderCode(given.code, context.publicUrl);
  return redirect(pageContext, redirectTo(request, parameters), { status: 302 });
};

const decline = (
  { context, dialect, client, request, visit: { exchange, caller }, pageContext }: PendingRequest,
  denial: Denial,
): WireResponse => {
  const { authorization: wire } = dialect;
  const { error, description } = wire.denials[denial];
  context.emit({
    event: 'consent.declined',
    dialect: dialect.name,
    requestId: exchange.requestId,
    clientId: client.id,
    reason: denial,
    caller,
  });
  const parameters = wire.renderError(error, description, context.publicUrl);
  return redirect(pageContext, redirectTo(request, parameters), { status: 302 });
};
