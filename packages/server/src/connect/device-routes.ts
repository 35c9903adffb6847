import { isEnabled } from '../clients/client.ts';
import type { Client } from '../clients/client.ts';
import { readNow } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { decideSettlement } from '../grants/decide-device.ts';
import type { DeviceRequest } from '../grants/device-request.ts';
import { QR_MAX_BYTES, createQrCode, renderQrSvg } from './qr-code.ts';
import { readUserCode, showUserCode } from '../grants/user-code.ts';
import { approveDevice, declineDevice } from '../operations/settle-device.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { Route, Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { noVehiclesPage } from './pages/consent-page.ts';
import { DEVICE_PATH, deviceCodePage, deviceConsentPage, deviceDonePage } from './pages/device-pages.ts';
import type { CodeFault } from './pages/device-pages.ts';
import { renderMessage } from './pages/message-page.ts';
import { nameClient } from './pages/names.ts';
import { createPageContext } from './pages/page-context.ts';
import { renderPage, SWITCH_LANGUAGE } from './pages/page.ts';
import { redirect } from './pages/redirect.ts';
import { keepChosen, readChoice, selectOnly } from './pages/vehicle-choice.ts';
import type { ChoiceState, VehicleChoice } from './pages/vehicle-choice.ts';
import { refusePage } from './refuse-page.ts';
import { createForm, readSentForm } from './session-form.ts';
import type { SentForm } from './session-form.ts';
import type { Owner } from './sign-in/owner.ts';
import { ownerOf, readOwner, signInMethodsFor } from './sign-in/owner-visit.ts';
import type { OwnerVisit } from './sign-in/owner-visit.ts';
import type { Session } from './sign-in/session.ts';
import { handleSignInForm, requireSignIn } from './sign-in/sign-in.ts';
import { listVehicles } from './vehicles/list-vehicles.ts';
import { createWrongCodeLimit } from './wrong-code-limit.ts';
import type { WrongCodeLimit } from './wrong-code-limit.ts';

/** A visit to the pages of devices. */
type DeviceVisit = OwnerVisit & { readonly limit: WrongCodeLimit };

/** A signed-in owner, and the device whose code they entered. */
type PendingDevice = DeviceVisit & {
  readonly session: Session;
  readonly owner: Owner;
  readonly client: Client;
  readonly request: DeviceRequest;
};

/**
 * The pages where owners enter the code of a device, and agree or decline. An owner signs in before the code is looked up,
 * so that guessing takes an account.
 *
 * @see RFC 8628 §3.3
 */
export const createDeviceRoutes = (context: ConnectContext): Readonly<Record<string, Route>> => {
  const limit = createWrongCodeLimit(context);
  const route =
    (answer: (visit: DeviceVisit) => Promise<WireResponse>): Route =>
    (visit) => {
      const pageContext = createPageContext(context, visit);
      return answer({ context, visit, pageContext, limit, methods: signInMethodsFor(context, false) });
    };
  return {
    [`GET ${DEVICE_PATH}`]: route(showDevice),
    [`POST ${DEVICE_PATH}`]: route(submitDecision),
    [`GET ${DEVICE_PATH}/qr.svg`]: (visit: Visit) => renderQr(context, visit),
  };
};

const typedCode = ({ request }: Visit): string | undefined => readQuery(request.query)?.get('user_code');

const showDevice = async (deviceVisit: DeviceVisit): Promise<WireResponse> => {
  if (typedCode(deviceVisit.visit) === undefined) return askForCode(deviceVisit);
  const signedIn = await readOwner(deviceVisit);
  if (signedIn === undefined) return requireSignIn(deviceVisit, { canCancel: false });
  const pending = await readPending(deviceVisit, signedIn);
  return 'status' in pending ? pending : renderConsent(pending, { hasError: false });
};

const askForCode = (
  { pageContext, visit }: DeviceVisit,
  about: { readonly fault?: CodeFault; readonly retryAfterSeconds?: Seconds } = {},
): WireResponse => {
  const lang = readQuery(visit.request.query)?.get('lang');
  return renderPage(deviceCodePage(pageContext, about, lang), pageContext);
};

/** The device whose code an owner entered, or the page that says why there is none. Throws `StoreError`. */
const readPending = async (
  deviceVisit: DeviceVisit,
  signedIn: { readonly session: Session; readonly owner: Owner },
): Promise<PendingDevice | WireResponse> => {
  const { context, visit, limit, pageContext } = deviceVisit;
  const retryAfterSeconds = limit.judge(visit);
  if (retryAfterSeconds !== undefined)
    return askForCode(deviceVisit, { fault: 'tooMany', retryAfterSeconds });
  const request = await lookUp(deviceVisit);
  if (request === undefined) return askForCode(deviceVisit, { fault: 'wrong' });
  if (decideSettlement(request, readNow(context)) !== 'settled')
    return askForCode(deviceVisit, { fault: 'over' });
  const { client, keys } = await context.store.readClient(request.clientId);
  context.noticeKeys(keys);
  if (!isEnabled(client) || client.policy.deviceFlow !== true)
    return renderMessage('clientNotAllowed', pageContext);
  const methods = signInMethodsFor(context, false, client);
  const pending = { ...deviceVisit, ...signedIn, client, request, methods };
  // A simulated owner of a demo, where the client may not have one.
  return ownerOf(signedIn.session, methods) === undefined
    ? requireSignIn(pending, { canCancel: false })
    : pending;
};

/** The request of the code that an owner entered; `undefined`, and one more guess, where there is none. Throws `StoreError`. */
const lookUp = async ({ context, visit, limit }: DeviceVisit): Promise<DeviceRequest | undefined> => {
  const counted = limit.begin(visit);
  const userCode = readUserCode(typedCode(visit) ?? '');
  try {
    const request = userCode === undefined ? undefined : await context.store.findDeviceRequest(userCode);
    if (request === undefined) counted.reportWrong();
    else counted.takeBack();
    return request;
  } catch (error) {
    counted.takeBack();
    throw error;
  }
};

const renderConsent = async (
  pending: PendingDevice,
  { hasError, chosen }: ChoiceState,
): Promise<WireResponse> => {
  const { context, session, owner, client, pageContext } = pending;
  const form = createForm(context, session, pageContext);
  const choice = await offerVehicles(pending, chosen);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const page =
    choice.offered.length === 0
      ? noVehiclesPage(pageContext, owner, nameClient(client), form)
      : deviceConsentPage(pageContext, pending, form, { choice, hasError });
  return renderPage(page, pageContext);
};

const offerVehicles = async (
  { context, owner, visit }: PendingDevice,
  chosen?: SentForm['fields'],
): Promise<VehicleChoice | 'unavailable'> => {
  const offered = await listVehicles(context, owner, visit);
  return offered === 'unavailable'
    ? offered
    : keepChosen({ offered, isSingle: false, selected: selectOnly(offered) }, chosen);
};

const submitDecision = async (deviceVisit: DeviceVisit): Promise<WireResponse> => {
  const { context, visit, pageContext, methods } = deviceVisit;
  const form = await readSentForm(context, visit);
  if (typeof form === 'string') return refusePage(deviceVisit, form);
  const signIn = await handleSignInForm(deviceVisit, form);
  if (signIn !== undefined) return signIn;
  const { action, session, fields } = form;
  const owner = ownerOf(session, methods);
  if (owner === undefined) return redirect(pageContext, pageContext.target, { status: 303 });
  const pending = await readPending(deviceVisit, { session, owner });
  if ('status' in pending) return pending;
  if (action === SWITCH_LANGUAGE) return renderConsent(pending, { hasError: false, chosen: fields });
  if (action === 'decline' || action === 'no_vehicles') return decline(pending, action);
  if (action !== 'agree') return redirect(pageContext, pageContext.target, { status: 303 });
  const choice = await offerVehicles(pending);
  if (choice === 'unavailable') return renderMessage('vehiclesUnavailable', pageContext);
  const vehicles = readChoice(fields, choice);
  if (vehicles.length === 0) return renderConsent(pending, { hasError: true });
  const consent = { subject: owner.subject, vehicles };
  const outcome = await approveDevice(context, pending, consent, senderOf(visit));
  if (outcome === 'client_unknown') throw new Refusal('client_unknown');
  return outcome === 'settled' ? finish(pending, 'approved') : askForCode(pending, { fault: 'over' });
};

const decline = async (pending: PendingDevice, reason: 'decline' | 'no_vehicles'): Promise<WireResponse> => {
  const { context, visit } = pending;
  const outcome = await declineDevice(context, pending, reason, senderOf(visit));
  return outcome === 'settled' ? finish(pending, 'declined') : askForCode(pending, { fault: 'over' });
};

const senderOf = ({ exchange: { requestId }, caller }: Visit) => ({ requestId, caller });

const finish = ({ pageContext, client }: PendingDevice, outcome: 'approved' | 'declined'): WireResponse =>
  renderPage(deviceDonePage(pageContext, client, outcome), pageContext);

/** The QR code of `verification_uri_complete`, for devices that cannot draw one. Looks nothing up, and so says nothing of a code. */
const renderQr = (context: ConnectContext, visit: Visit): WireResponse => {
  const userCode = readUserCode(typedCode(visit) ?? '');
  const uri = `${context.publicUrl}${DEVICE_PATH}?user_code=${showUserCode(userCode ?? '')}`;
  if (userCode === undefined || Buffer.byteLength(uri) > QR_MAX_BYTES) throw new Refusal('path_unknown');
  return {
    status: 200,
    headers: {
      'Content-Type': 'image/svg+xml',
      'Content-Security-Policy': `default-src 'none'`,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
    body: renderQrSvg(createQrCode(uri)),
  };
};
