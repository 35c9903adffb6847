import { redirectTo } from '../dialects/authorization.ts';
import type { Denial, RequestedVehicles } from '../dialects/authorization.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { Refusal } from '../errors.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { Route, Visit } from '../wire/route.ts';
import { nameClient } from './pages/names.ts';
import { consentPage, noVehiclesPage } from './pages/consent-page.ts';
import type { ConnectContext } from './context.ts';
import { giveConsent } from '../operations/give-consent.ts';
import { renderMessage } from './pages/message-page.ts';
import { redirect, renderPage } from './pages/page.ts';
import type { PageContext } from './pages/page-context.ts';
import { listVehicles } from './vehicles/list-vehicles.ts';
import { createForm, readSentForm } from './session-form.ts';
import { readSession } from './sign-in/session.ts';
import type { Owner } from './sign-in/owner.ts';
import type { Session } from './sign-in/session.ts';
import { createPageContext } from './pages/page-context.ts';
import { requireSignIn, ownerFor, handleSignInForm, signInMethodsFor } from './sign-in/sign-in.ts';
import type { SignInMethods } from './pages/sign-in-page.ts';
import { parseAuthorizationRequest } from './parse-authorization-request.ts';
import type { ParsedRequest } from './parse-authorization-request.ts';
import { readChoice } from './pages/vehicle-choice.ts';
import type { VehicleChoice } from './pages/vehicle-choice.ts';

/** A request that is understood, on its way to an owner. */
type Asking = ParsedRequest & {
  readonly visit: Visit;
  readonly pageContext: PageContext;
  readonly methods: SignInMethods;
};

/** What an owner is sent to by a client of this dialect: signs in, is asked, and is sent back. */
export const createAuthorizeRoutes = (
  context: ConnectContext,
  dialect: Dialect,
): Readonly<Record<string, Route>> => {
  const { authorization: wire } = dialect;
  const begin = async (visit: Visit): Promise<Asking | WireResponse> => {
    const asked = await parseAuthorizationRequest(context, dialect, visit);
    if ('status' in asked) return asked;
    const { request } = asked;
    const make = request.brand ?? (request.vehicles.when === 'now' ? request.vehicles.make : undefined);
    const { lang, redirectUri } = request;
    const pageContext = createPageContext(context, visit.request, {
      lang,
      make,
      redirectUri,
      keepsOpener: wire.keepsOpener,
    });
    return { ...asked, visit, pageContext, methods: signInMethodsFor(context, request.isSimulated) };
  };

  const show: Route = async (visit) => {
    const asking = await begin(visit);
    if ('status' in asking) return asking;
    const session = await readSession(context, visit);
    const owner = ownerFor(session, asking.methods);
    if (session === undefined || owner === undefined)
      return requireSignIn(context, visit, asking.pageContext, asking.methods, { canCancel: true });
    return ask(asking, session, owner);
  };

  /** The consent page, or what is in its way. */
  const ask = async (
    asking: Asking,
    session: Session,
    owner: Owner,
    hasError = false,
  ): Promise<WireResponse> => {
    const { client, request, pageContext } = asking;
    const form = createForm(context, session, pageContext);
    const choice = await offerVehicles(asking, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
    if (choice?.offered.length === 0)
      return renderPage(noVehiclesPage(pageContext, owner, nameClient(client), form), pageContext);
    return renderPage(
      consentPage(pageContext, { client, request, owner }, form, { choice, hasError }),
      pageContext,
    );
  };

  const offerVehicles = async (
    { request, visit }: Asking,
    owner: Owner,
  ): Promise<VehicleChoice | 'unavailable' | undefined> => {
    const wish = request.vehicles;
    if (wish.when === 'later') return undefined;
    const vehicles = await listVehicles(context, owner, visit);
    if (vehicles === 'unavailable') return vehicles;
    const offered = vehicles.filter((vehicle) => isWished(vehicle, wish));
    return { offered, isSingle: wish.isSingle, preselected: new Set() };
  };

  const decide: Route = async (visit) => {
    const asking = await begin(visit);
    if ('status' in asking) return asking;
    const { pageContext, methods } = asking;
    const form = await readSentForm(context, visit);
    if (form === undefined) return renderMessage('pageExpired', pageContext);
    const { action, session, fields } = form;
    if (action === 'decline' || action === 'no_vehicles') return sendBack(asking, action);
    const signIn = await handleSignInForm(context, visit, form, pageContext, methods);
    if (signIn !== undefined) return signIn;
    const owner = ownerFor(session, methods);
    if (owner === undefined || action !== 'agree') return redirect(pageContext.target, 303);
    const choice = await offerVehicles(asking, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
    const vehicles = choice === undefined ? [] : readChoice(fields, choice);
    if (choice !== undefined && vehicles.length === 0) return ask(asking, session, owner, true);
    const { client, request } = asking;
    const { redirectUri, codeChallenge, scope, brand } = request;
    const agreed = { redirectUri, codeChallenge, scope, brand, subject: owner.subject, vehicles };
    const consent = { clientId: client.id, ...agreed };
    const given = await giveConsent(context, dialect, consent, {
      ...visit.exchange,
      caller: visit.caller,
    });
    if (given.outcome === 'client_unknown') throw new Refusal('client_unknown');
    return redirect(redirectTo(request, wire.renderCode(given.code, context.publicUrl)), 302);
  };

  const sendBack = ({ client, request, visit }: Asking, action: Denial): WireResponse => {
    const { error, description } = wire.denials[action];
    const { exchange, caller } = visit;
    const { requestId } = exchange;
    context.emit({
      event: 'consent.declined',
      dialect: dialect.name,
      requestId,
      clientId: client.id,
      reason: error,
      caller,
    });
    return redirect(redirectTo(request, wire.renderError(error, description, context.publicUrl)), 302);
  };

  return { [`GET ${wire.path}`]: show, [`POST ${wire.path}`]: decide };
};

const isWished = ({ make, vin }: Vehicle, wish: RequestedVehicles & { when: 'now' }): boolean =>
  (wish.make === undefined || wish.make === make) && (wish.vin === undefined || wish.vin === vin);
