import { redirectTo } from '../dialects/authorization.ts';
import type { AuthorizationWire, VehicleWish } from '../dialects/authorization.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { Route, Visit } from '../http/router.ts';
import { consentPage, nameClient, noVehiclesPage } from './pages/consent-page.ts';
import type { ConnectContext } from './context.ts';
import { createForm } from './pages/form-page.ts';
import { giveConsent } from './give-consent.ts';
import { renderMessage } from './pages/message-page.ts';
import { redirect, renderPage } from './pages/page.ts';
import type { Setting } from './pages/page.ts';
import { listVehicles } from './vehicles/list-vehicles.ts';
import { readSentForm } from './sent-form.ts';
import { readSession } from './sign-in/session.ts';
import type { Owner, Session } from './sign-in/session.ts';
import { settingOf } from './pages/page-context.ts';
import { askToSignIn, ownerFor, takeSignIn, waysOf } from './sign-in/sign-in.ts';
import type { SignInWays } from './pages/sign-in-page.ts';
import { understand } from './parse-authorization-request.ts';
import type { Asked } from './parse-authorization-request.ts';
import { readChoice } from './vehicles/vehicle-choice.ts';
import type { VehicleChoice } from './vehicles/vehicle-choice.ts';

/** A request that is understood, on its way to an owner. */
type Asking = Asked & { readonly visit: Visit; readonly setting: Setting; readonly ways: SignInWays };

/** What an owner is sent to by a client of this wire: signs in, is asked, and is sent back. */
export const createAuthorizeRoutes = (
  context: ConnectContext,
  wire: AuthorizationWire,
): Readonly<Record<string, Route>> => {
  const begin = async (visit: Visit): Promise<Asking | WireResponse> => {
    const asked = await understand(context, wire, visit);
    if ('status' in asked) return asked;
    const { request } = asked;
    const make = request.brand ?? (request.vehicles.when === 'now' ? request.vehicles.make : undefined);
    const { lang, redirectUri } = request;
    const setting = settingOf(context, visit.request, {
      lang,
      make,
      redirectUri,
      keepsOpener: wire.keepsOpener,
    });
    return { ...asked, visit, setting, ways: waysOf(context, request.isSimulated) };
  };

  const show: Route = async (visit) => {
    const asking = await begin(visit);
    if ('status' in asking) return asking;
    const session = await readSession(context, visit);
    const owner = ownerFor(session, asking.ways);
    if (session === undefined || owner === undefined)
      return askToSignIn(context, visit, asking.setting, asking.ways, { canCancel: true });
    return ask(asking, session, owner);
  };

  /** The consent page, or what is in its way. */
  const ask = async (
    asking: Asking,
    session: Session,
    owner: Owner,
    hasError = false,
  ): Promise<WireResponse> => {
    const { client, request, setting } = asking;
    const form = createForm(context, session, setting);
    const choice = await offerVehicles(asking, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesAway', setting);
    if (choice?.offered.length === 0)
      return renderPage(noVehiclesPage(setting, owner, nameClient(client), form), setting);
    return renderPage(consentPage(setting, { client, request, owner }, form, { choice, hasError }), setting);
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
    return { offered, isSingle: wish.isSingle, ticked: new Set() };
  };

  const decide: Route = async (visit) => {
    const asking = await begin(visit);
    if ('status' in asking) return asking;
    const { setting, ways } = asking;
    const form = await readSentForm(context, visit);
    if (form === undefined) return renderMessage('stale', setting);
    const { action, session, fields } = form;
    if (action === 'decline' || action === 'no_vehicles') return sendBack(asking, action);
    const signIn = await takeSignIn(context, visit, form, setting, ways);
    if (signIn !== undefined) return signIn;
    const owner = ownerFor(session, ways);
    if (owner === undefined || action !== 'agree') return redirect(setting.target, 303);
    const choice = await offerVehicles(asking, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesAway', setting);
    const vehicles = choice === undefined ? [] : readChoice(fields, choice);
    if (choice !== undefined && vehicles.length === 0) return ask(asking, session, owner, true);
    const code = await giveConsent(context, wire, asking, { owner, vehicles }, visit);
    return redirect(redirectTo(asking.request, wire.renderCode(code, context.publicUrl)), 302);
  };

  const sendBack = ({ client, request, visit }: Asking, action: keyof typeof DENIALS): WireResponse => {
    const { error, description } = DENIALS[action];
    const { exchange, caller } = visit;
    const { requestId } = exchange;
    const dialect = wire.dialect.name;
    context.emit({
      event: 'consent.declined',
      dialect,
      requestId,
      clientId: client.id,
      reason: error,
      caller,
    });
    return redirect(redirectTo(request, wire.renderError(error, description, context.publicUrl)), 302);
  };

  return { [`GET ${wire.path}`]: show, [`POST ${wire.path}`]: decide };
};

/** What a client is told of an owner who does not agree, in the vendor's words. */
const DENIALS = {
  decline: { error: 'access_denied', description: 'User denied access to application.' },
  no_vehicles: { error: 'no_vehicles', description: 'User has no vehicles that can be connected.' },
} as const;

const isWished = ({ make, vin }: Vehicle, wish: VehicleWish & { when: 'now' }): boolean =>
  (wish.make === undefined || wish.make === make) && (wish.vin === undefined || wish.vin === vin);
