import type { Client } from '../../clients/client.ts';
import { redirectTo } from '../../dialects/authorization.ts';
import type { RedirectParameters } from '../../dialects/authorization.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import { readQuery } from '../../wire/query.ts';
import { Refusal } from '../../errors.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { Route, Visit } from '../../wire/route.ts';
import { writeGrantId } from '../../tokens/grant-id.ts';
import { nameClient } from '../pages/names.ts';
import { noVehiclesPage } from '../pages/consent-page.ts';
import type { ConnectContext } from '../context.ts';
import { isSimulatedSubject } from '../sign-in/demo-owners.ts';
import { listVehicles } from './list-vehicles.ts';
import { renderMessage } from '../pages/message-page.ts';
import { redirect, renderPage } from '../pages/page.ts';
import type { PageContext } from '../pages/page-context.ts';
import { otherAccountPage, selectPage } from '../pages/select-page.ts';
import { openSelection } from './selection.ts';
import type { Selection } from './selection.ts';
import { createForm, readSentForm } from '../session-form.ts';
import { readSession } from '../sign-in/session.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { Session } from '../sign-in/session.ts';
import { createPageContext } from '../pages/page-context.ts';
import { requireSignIn, ownerFor, handleSignInForm, signInMethodsFor } from '../sign-in/sign-in.ts';
import type { SignInMethods } from '../pages/sign-in-page.ts';
import { QUERY_MAX_CHARACTERS } from '../parse-authorization-request.ts';
import { readChoice } from '../pages/vehicle-choice.ts';
import type { VehicleChoice } from '../pages/vehicle-choice.ts';

/** A selection that is understood, on its way to its owner. */
type Selecting = {
  readonly selection: Selection;
  readonly client: Client;
  readonly redirectUri: string;
  readonly visit: Visit;
  readonly pageContext: PageContext;
  readonly methods: SignInMethods;
};

/** Lets the owner of a grant choose its vehicles, in a dialect that asks for them after consent, and sends them back. */
export const createSelectRoutes = (
  context: ConnectContext,
  { name: dialect, vehicleSelection: wire }: Dialect,
): Readonly<Record<string, Route>> => {
  if (wire === undefined) return {};
  const begin = async (visit: Visit): Promise<Selecting | WireResponse> => {
    const { request, exchange } = visit;
    const parameters = request.query.length > QUERY_MAX_CHARACTERS ? undefined : readQuery(request.query);
    const sessionId = parameters?.get(wire.sessionIdName);
    if (parameters === undefined || sessionId === undefined) throw new Refusal('parameters_wrong');
    // First the store, so that a key rotated meanwhile is noticed.
    context.noticeKey((await context.store.readClient('')).newestKeyNumber);
    const selection = await openSelection(context.keyRing, sessionId, exchange.nowMs);
    if (selection === undefined) return renderMessage('linkExpired', createPageContext(context, request));
    const { client } = await context.store.readClient(selection.clientId);
    const grant = await context.store.readGrant(selection.grantId);
    if (client === undefined) throw new Refusal('client_unknown');
    if (client.disabledAt !== undefined) throw new Refusal('client_disabled');
    const redirectUri = client.consentRedirectUri ?? client.redirectUris[0];
    if (redirectUri === undefined) throw new Refusal('redirect_uri_missing');
    if (grant === undefined || grant.revocation !== undefined)
      return renderMessage('linkExpired', createPageContext(context, request));
    const lang = parameters.get('lang') ?? selection.lang;
    const pageContext = createPageContext(context, request, { lang, make: selection.brand, redirectUri });
    // The kind of the grant's owner, so that a simulated grant can be gone on with.
    const methods = signInMethodsFor(context, isSimulatedSubject(selection.subject));
    return { selection, client, redirectUri, visit, pageContext, methods };
  };

  const show: Route = async (visit) => {
    const selecting = await begin(visit);
    if ('status' in selecting) return selecting;
    const { pageContext, methods, selection } = selecting;
    const session = await readSession(context, visit);
    const owner = ownerFor(session, methods);
    if (session === undefined || owner === undefined)
      return requireSignIn(context, visit, pageContext, methods, { canCancel: true });
    if (owner.subject !== selection.subject)
      return renderPage(
        otherAccountPage(pageContext, createForm(context, session, pageContext)),
        pageContext,
      );
    return ask(selecting, session, owner);
  };

  const ask = async (
    selecting: Selecting,
    session: Session,
    owner: Owner,
    hasError = false,
  ): Promise<WireResponse> => {
    const { pageContext, client } = selecting;
    const choice = await offerVehicles(selecting, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
    const form = createForm(context, session, pageContext);
    const clientName = nameClient(client);
    if (choice.offered.length === 0)
      return renderPage(noVehiclesPage(pageContext, owner, clientName, form), pageContext);
    return renderPage(
      selectPage(pageContext, { owner, clientName }, form, { choice, hasError }),
      pageContext,
    );
  };

  const offerVehicles = async (
    { selection, visit }: Selecting,
    owner: Owner,
  ): Promise<VehicleChoice | 'unavailable'> => {
    const vehicles = await listVehicles(context, owner, visit);
    if (vehicles === 'unavailable') return vehicles;
    const before = await context.store.listVehicles(selection.grantId);
    return {
      offered: vehicles.filter(({ make }) => make === selection.brand),
      isSingle: false,
      preselected: new Set(before.map(({ id }) => id)),
    };
  };

  const decide: Route = async (visit) => {
    const selecting = await begin(visit);
    if ('status' in selecting) return selecting;
    const { pageContext, methods, selection } = selecting;
    const form = await readSentForm(context, visit);
    if (form === undefined) return renderMessage('pageExpired', pageContext);
    const { action, session, fields } = form;
    if (action === 'decline' || action === 'no_vehicles') return sendBackEmpty(selecting, action);
    const signIn = await handleSignInForm(context, visit, form, pageContext, methods);
    if (signIn !== undefined) return signIn;
    const owner = ownerFor(session, methods);
    if (owner?.subject !== selection.subject || action !== 'agree') return redirect(pageContext.target, 303);
    const choice = await offerVehicles(selecting, owner);
    if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
    const chosen = readChoice(fields, choice);
    return chosen.length === 0 ? ask(selecting, session, owner, true) : share(selecting, chosen);
  };

  const share = async (selecting: Selecting, chosen: readonly Vehicle[]): Promise<WireResponse> => {
    const { selection, pageContext, visit } = selecting;
    const { requestId, nowMs } = visit.exchange;
    // A grant without a brand keeps what it covers of the others.
    const before = await context.store.listVehicles(selection.grantId);
    const covered = [...before.filter(({ make }) => make !== selection.brand), ...chosen];
    const outcome = await context.store.selectVehicles(selection.grantId, covered, { nowMs, requestId });
    if (outcome !== 'selected') return renderMessage('linkExpired', pageContext);
    context.emit({ event: 'consent.given', dialect, ...aboutOf(selecting), vehicles: chosen.length });
    return sendBack(selecting, wire.renderChosen(chosen));
  };

  /** What the client is told of an owner who shares nothing: that they are back. */
  const sendBackEmpty = (selecting: Selecting, reason: string): WireResponse => {
    context.emit({ event: 'consent.declined', dialect, ...aboutOf(selecting), reason });
    return sendBack(selecting, []);
  };

  return { [`GET ${wire.path}`]: show, [`POST ${wire.path}`]: decide };
};

const aboutOf = ({ selection, visit: { exchange, caller } }: Selecting) => ({
  requestId: exchange.requestId,
  clientId: selection.clientId,
  grantId: writeGrantId(selection.grantId),
  caller,
});

const sendBack = ({ selection, redirectUri }: Selecting, parameters: RedirectParameters): WireResponse =>
  redirect(redirectTo({ redirectUri, rawState: encodeURIComponent(selection.state) }, parameters), 302);
