import type { Client } from '../../clients/client.ts';
import { redirectTo } from '../../dialects/authorization.ts';
import type { Denial, RedirectParameters } from '../../dialects/authorization.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import type { VehicleSelectionWire } from '../../dialects/vehicle-selection.ts';
import { Refusal } from '../../errors.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { writeGrantId } from '../../tokens/grant-id.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import { readQuery } from '../../wire/query.ts';
import type { Route, Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { noVehiclesPage } from '../pages/consent-page.ts';
import { renderMessage } from '../pages/message-page.ts';
import { nameClient } from '../pages/names.ts';
import { createPageContext } from '../pages/page-context.ts';
import { renderPage, SWITCH_LANGUAGE } from '../pages/page.ts';
import { redirect } from '../pages/redirect.ts';
import { otherAccountPage, selectPage } from '../pages/select-page.ts';
import { keepChosen, readChoice, selectOnly } from '../pages/vehicle-choice.ts';
import type { ChoiceState, VehicleChoice } from '../pages/vehicle-choice.ts';
import { faultOf } from '../../dialects/check-authorization-request.ts';
import { QUERY_MAX_CHARACTERS, unreadableQuery } from '../parse-authorization-request.ts';
import { refusePage } from '../refuse-page.ts';
import { createForm, readSentForm } from '../session-form.ts';
import type { SentForm } from '../session-form.ts';
import { isSimulatedSubject } from '../sign-in/demo-owners.ts';
import type { Owner } from '../sign-in/owner.ts';
import { ownerOf, readOwner, signInMethodsFor } from '../sign-in/owner-visit.ts';
import type { OwnerVisit } from '../sign-in/owner-visit.ts';
import type { Session } from '../sign-in/session.ts';
import { handleSignInForm, requireSignIn } from '../sign-in/sign-in.ts';
import { listVehicles } from './list-vehicles.ts';
import { openSelection } from './selection.ts';
import type { Selection } from './selection.ts';

/** A selection that waits for the owner's decision. */
type PendingSelection = OwnerVisit & {
  /** The name of the dialect, for log events. */
  readonly dialect: string;
  readonly wire: VehicleSelectionWire;
  readonly selection: Selection;
  readonly client: Client;
  readonly redirectUri: string;
};

/** The selection page, for dialects that ask for vehicles after consent: the owner of a grant chooses its vehicles. */
export const createSelectRoutes = (
  context: ConnectContext,
  { name, vehicleSelection: wire }: Dialect,
): Readonly<Record<string, Route>> => {
  if (wire === undefined) return {};
  const route =
    (answer: (pending: PendingSelection) => Promise<WireResponse>): Route =>
    async (visit) => {
      const pending = await readPendingSelection(context, wire, visit);
      return 'status' in pending ? pending : answer({ ...pending, dialect: name });
    };
  return { [`GET ${wire.path}`]: route(showSelection), [`POST ${wire.path}`]: route(submitSelection) };
};

const readPendingSelection = async (
  context: ConnectContext,
  wire: VehicleSelectionWire,
  visit: Visit,
): Promise<Omit<PendingSelection, 'dialect'> | WireResponse> => {
  const { request, exchange } = visit;
  const parameters = request.query.length > QUERY_MAX_CHARACTERS ? undefined : readQuery(request.query);
  const sessionId = parameters?.get(wire.sessionIdName);
  if (parameters === undefined) throw unreadableQuery();
  if (sessionId === undefined) throw faultOf('parameters_wrong', wire.sessionIdName, 'is missing');
  // Learns of a new or a withdrawn key before the selection is opened.
  context.noticeKeys((await context.store.readClient('')).keys);
  const selection = await openSelection(context.keyRing, sessionId, exchange.nowMs);
  if (selection === undefined)
    throw faultOf('selection_expired', wire.sessionIdName, 'is not valid any more');
  const { client } = await context.store.readClient(selection.clientId);
  const grant = await context.store.readGrant(selection.grantId);
  if (client === undefined) throw new Refusal('client_unknown');
  if (client.disabledAtMs !== undefined) throw new Refusal('client_disabled');
  const redirectUri = client.consentRedirectUri ?? client.redirectUris[0];
  if (redirectUri === undefined) throw new Refusal('redirect_uri_missing');
  if (grant === undefined || grant.revocation !== undefined) throw new Refusal('selection_expired');
  const lang = parameters.get('lang') ?? selection.lang;
  const pageContext = createPageContext(context, visit, { lang, make: selection.brand, redirectUri });
  // The owner of a simulated grant has to be simulated too.
  const methods = signInMethodsFor(context, isSimulatedSubject(selection.subject), client);
  return { context, visit, pageContext, methods, wire, selection, client, redirectUri };
};

const showSelection = async (pending: PendingSelection): Promise<WireResponse> => {
  const { context, pageContext, selection } = pending;
  const signedIn = await readOwner(pending);
  if (signedIn === undefined) return requireSignIn(pending, { canCancel: true });
  if (signedIn.owner.subject === selection.subject)
    return renderSelection(pending, signedIn, { hasError: false });
  const form = createForm(context, signedIn.session, pageContext);
  return renderPage(otherAccountPage(pageContext, form), pageContext);
};

/** Renders the selection page, or a message if the owner has nothing to share. */
const renderSelection = async (
  pending: PendingSelection,
  { session, owner }: { readonly session: Session; readonly owner: Owner },
  { hasError, chosen }: ChoiceState,
): Promise<WireResponse> => {
  const { context, pageContext, client } = pending;
  const choice = await offerVehicles(pending, owner, chosen);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const form = createForm(context, session, pageContext);
  const page =
    choice.offered.length === 0
      ? noVehiclesPage(pageContext, owner, nameClient(client), form)
      : selectPage(pageContext, { owner, client }, form, { choice, hasError });
  return renderPage(page, pageContext);
};

const offerVehicles = async (
  { context, selection, visit }: PendingSelection,
  owner: Owner,
  chosen?: SentForm['fields'],
): Promise<VehicleChoice | 'unavailable'> => {
  const vehicles = await listVehicles(context, owner, visit);
  if (vehicles === 'unavailable') return vehicles;
  const covered = await context.store.listVehicles(selection.grantId);
  const offered = vehicles.filter(({ make }) => make === selection.brand);
  const selected = new Set([...selectOnly(offered), ...covered.map(({ id }) => id)]);
  return keepChosen({ offered, isSingle: false, selected }, chosen);
};

const submitSelection = async (pending: PendingSelection): Promise<WireResponse> => {
  const { context, visit, pageContext, methods, selection } = pending;
  const form = await readSentForm(context, visit);
  if (typeof form === 'string') return refusePage(pending, form);
  const { action, session, fields } = form;
  if (action === 'decline' || action === 'no_vehicles') return decline(pending, action);
  const signIn = await handleSignInForm(pending, form);
  if (signIn !== undefined) return signIn;
  const owner = ownerOf(session, methods);
  if (owner?.subject === selection.subject && action === SWITCH_LANGUAGE)
    return renderSelection(pending, { session, owner }, { hasError: false, chosen: fields });
  if (owner?.subject !== selection.subject || action !== 'agree')
    return redirect(pageContext, pageContext.target, { status: 303 });
  const choice = await offerVehicles(pending, owner);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const chosen = readChoice(fields, choice);
  return chosen.length === 0
    ? renderSelection(pending, { session, owner }, { hasError: true })
    : share(pending, chosen);
};

const share = async (pending: PendingSelection, chosen: readonly Vehicle[]): Promise<WireResponse> => {
  const { context, selection, visit, wire } = pending;
  const { requestId, nowMs } = visit.exchange;
  // The selection is about one brand; the grant keeps its vehicles of other brands.
  const before = await context.store.listVehicles(selection.grantId);
  const covered = [...before.filter(({ make }) => make !== selection.brand), ...chosen];
  const outcome = await context.store.selectVehicles(selection.grantId, covered, { nowMs, requestId });
  if (outcome !== 'selected') return refusePage(pending, 'selection_expired');
  context.emit({ event: 'consent.given', ...describe(pending), vehicles: chosen.length });
  return redirectToClient(pending, wire.renderChosen(chosen));
};

/** Redirects without vehicles: the dialect has no error for an owner who shares none. */
const decline = (pending: PendingSelection, reason: Denial): WireResponse => {
  pending.context.emit({ event: 'consent.declined', ...describe(pending), reason });
  return redirectToClient(pending, []);
};

/** The members that all log events of a selection share. */
const describe = ({ dialect, selection, visit: { exchange, caller } }: PendingSelection) => ({
  dialect,
  requestId: exchange.requestId,
  clientId: selection.clientId,
  grantId: writeGrantId(selection.grantId),
  caller,
});

const redirectToClient = (
  { selection, redirectUri, pageContext }: PendingSelection,
  parameters: RedirectParameters,
): WireResponse => {
  const rawState = encodeURIComponent(selection.state);
  return redirect(pageContext, redirectTo({ redirectUri, rawState }, parameters), { status: 302 });
};
