import { timingSafeEqual } from 'node:crypto';
import type { Client } from '../clients/client.ts';
import type { MetadataFault } from '../clients/client-metadata.ts';
import type { ClientMetadata } from '../clients/registration.ts';
import { describeMetadata } from '../clients/describe-metadata.ts';
import { waitsForApproval } from '../clients/registration.ts';
import { digestSecret } from '../clients/secret.ts';
import { toSeconds } from '../clock.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { OperationContext } from '../operations/context.ts';
import { endRegistration, openRegistration, updateRegistration } from '../operations/manage-registration.ts';
import type { Managed } from '../operations/manage-registration.ts';
import { registerByToken } from '../operations/register-by-token.ts';
import { toDescription } from '../operations/registration-fault.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readMediaType, readSentAccessToken } from '../wire/headers.ts';
import { readJsonObject } from '../wire/json.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';
import { SHARED_DIALECT } from './authenticate-form.ts';
import type { EndpointContext } from './context.ts';
import { REGISTERED_PATH, REGISTRATION_PATH } from './registration-paths.ts';
import { renderRegistrationRefusal } from './registration-refusals.ts';

type Registries = Pick<OperationContext, 'dialects' | 'scopes'>;

type RegistrationContext = EndpointContext & Registries;

/**
 * Clients that register themselves with a registration token, and manage their registration. Where it is off, nothing is there.
 *
 * @see RFC 7591 §3, RFC 7592 §2
 */
export const createRegistrationRoutes = (
  endpointContext: EndpointContext,
  { isOn, ...registries }: Registries & { readonly isOn: boolean },
): RouteGroup => {
  const ifOn =
    (route: (context: RegistrationContext, visit: Visit) => Promise<WireResponse>): Route =>
    (visit) => {
      if (!isOn) throw new Refusal('path_unknown');
      // The key ring and the issuer as they are now.
      return route({ ...endpointContext, ...registries }, visit);
    };
  return {
    name: SHARED_DIALECT,
    routes: {
      [`POST ${REGISTRATION_PATH}`]: ifOn(register),
      [`GET ${REGISTERED_PATH}`]: ifOn(read),
      [`PUT ${REGISTERED_PATH}`]: ifOn(update),
      [`DELETE ${REGISTERED_PATH}`]: ifOn(end),
    },
    renderRefusal: renderRegistrationRefusal,
  };
};

const register = async (context: RegistrationContext, visit: Visit): Promise<WireResponse> => {
  const { accessToken: token } = readSentAccessToken(visit.request);
  const metadata = readBody(visit);
  const registered = await registerByToken(context, { token, metadata }, senderOf(visit));
  if (registered.outcome === 'token_wrong') throw refuseToken(context, visit);
  if (registered.outcome === 'invalid') throw refuseMetadata(registered.fault);
  const { client, clientSecret, managementToken } = registered;
  const secret =
    clientSecret === undefined ? {} : { client_secret: clientSecret, client_secret_expires_at: 0 };
  return { ...answer(context, visit, { client, managementToken, more: secret }), status: 201 };
};

const read = async (context: RegistrationContext, visit: Visit): Promise<WireResponse> => {
  const { managed, token } = await authorize(context, visit);
  return answer(context, visit, { client: managed.client, managementToken: token });
};

const update = async (context: RegistrationContext, visit: Visit): Promise<WireResponse> => {
  const { managed } = await authorize(context, visit);
  const metadata = readBody(visit);
  refuseOthers(managed.client, metadata);
  const updated = await updateRegistration(context, managed, metadata, senderOf(visit));
  if (updated.outcome === 'token_wrong') throw refuseToken(context, visit);
  if (updated.outcome === 'invalid') throw refuseMetadata(updated.fault);
  const { client, managementToken, waiting } = updated;
  const more = waiting.length === 0 ? {} : { metadata_waiting_for_approval: waiting };
  return answer(context, visit, { client, managementToken, more });
};

const end = async (context: RegistrationContext, visit: Visit): Promise<WireResponse> => {
  const { managed } = await authorize(context, visit);
  if ((await endRegistration(context, managed, senderOf(visit))) === 'token_wrong')
    throw refuseToken(context, visit);
  return { ...answerClient('', visit.exchange), status: 204 };
};

const senderOf = ({ exchange: { requestId }, caller }: Visit) => ({ requestId, caller });

/** The client of the path, where the token is for it. Whether there is such a client, a wrong token does not show. */
const authorize = async (
  context: RegistrationContext,
  visit: Visit,
): Promise<{ readonly managed: Managed; readonly token: string }> => {
  const { accessToken: token } = readSentAccessToken(visit.request);
  const managed = await openRegistration(context, visit.parameters['clientId'] ?? '', token);
  if (managed === undefined) throw refuseToken(context, visit);
  visit.client = managed.client;
  return { managed, token };
};

/** The right token always gets through, so only a wrong one is counted, like a failure to authenticate. */
const refuseToken = (
  { authentication: { throttle, monotonic }, emit }: RegistrationContext,
  { caller, exchange: { requestId } }: Visit,
): Refusal => {
  const attempt = { address: caller.address, clientId: undefined, nowMs: monotonic() };
  const full = throttle.judge(attempt);
  if (full === undefined) {
    throttle.noteFailure(attempt);
    return new Refusal('registration_token_wrong');
  }
  const { bucket, retryAfterSeconds } = full;
  const report = full.noteRefused();
  const about = { dialect: SHARED_DIALECT, requestId, caller, bucket, clientId: undefined };
  if (report !== undefined) emit({ event: 'client.throttled', ...about, ...report });
  return new Refusal('throttled', [], { retryAfterSeconds, isReported: true });
};

const readBody = ({ request }: Visit): ClientMetadata => {
  const description = 'The metadata must be a JSON object in UTF-8, with the Content-Type application/json.';
  const fault: MetadataFault = { error: 'invalid_client_metadata', description };
  if (readMediaType(request) !== 'application/json') throw refuseMetadata(fault);
  try {
    return readJsonObject(request.body);
  } catch (error) {
    throw error instanceof Refusal ? refuseMetadata(fault) : error;
  }
};

/** What belongs to the answer only. @see RFC 7592 §2.2 */
const ANSWERED = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const;

const invalid = (description: string): Refusal =>
  refuseMetadata({ error: 'invalid_client_metadata', description });

/** An update names its client and nothing that the server decides; a secret in it must be the present one. */
const refuseOthers = (client: Client, metadata: ClientMetadata): void => {
  const decided = ANSWERED.find((name) => metadata[name] !== undefined);
  if (decided !== undefined) throw invalid(`${decided} must not be in an update (RFC 7592 §2.2).`);
  if (metadata['client_id'] !== client.id) throw invalid('client_id must be that of the client.');
  const { client_secret: secret } = metadata;
  if (secret === undefined) return;
  const digest = typeof secret === 'string' ? digestSecret(secret) : undefined;
  if (digest === undefined || !client.secrets.some((one) => timingSafeEqual(one.digest, digest)))
    throw invalid('client_secret must be the present one, or absent: a client does not choose it.');
};

const REASONS: Readonly<Record<MetadataFault['error'], RefusalReason>> = {
  invalid_redirect_uri: 'redirect_uris_invalid',
  invalid_client_metadata: 'metadata_invalid',
  unapproved_software_statement: 'software_statement_unapproved',
};

const refuseMetadata = ({ error, description }: MetadataFault): Refusal =>
  new Refusal(REASONS[error], [], { oauthError: { error, description: toDescription(description) } });

/** Whether the client may be used, and whether something waits for an operator. No RFC has a member for it. */
const statusOf = (client: Client): string => {
  const { registration, disabledAtMs } = client;
  if (registration === undefined || registration.approvedAtMs === undefined) return 'pending';
  if (waitsForApproval(client)) return 'change_pending';
  return disabledAtMs === undefined ? 'approved' : 'disabled';
};

/** A client as it is registered. @see RFC 7591 §3.2.1, RFC 7592 §3 */
const answer = (
  { issuer }: RegistrationContext,
  { exchange }: Visit,
  {
    client,
    managementToken,
    more = {},
  }: { readonly client: Client; readonly managementToken: string; readonly more?: ClientMetadata },
): WireResponse =>
  answerClient(
    {
      client_id: client.id,
      client_id_issued_at: toSeconds(client.createdAtMs),
      ...more,
      registration_access_token: managementToken,
      registration_client_uri: `${issuer}${REGISTRATION_PATH}/${encodeURIComponent(client.id)}`,
      registration_status: statusOf(client),
      ...describeMetadata(client),
    },
    exchange,
  );
