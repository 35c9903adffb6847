import { authenticate } from '../clients/authenticate.ts';
import type { Credentials } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import type { WireRequest } from '../wire/exchange.ts';
import { readForm } from './form.ts';
import { readBasic, readMediaType } from './headers.ts';
import { Refusal } from '../errors.ts';
import type { Visit } from '../http/router.ts';
import type { EndpointContext } from '../http/token-endpoint.ts';

type Form = ReadonlyMap<string, string>;

/** A form and the client it comes from. */
export type ClientForm = {
  readonly form: Form;
  readonly client: Client;
};

/**
 * Reads a form and who sends it: a client of any dialect, by HTTP Basic or by `client_id` and `client_secret` in the
 * form. A client without a secret names itself where `canBePublic`.
 *
 * @see RFC 6749 §2.3.1 and §3.2.1
 */
export const readClientForm = async (
  { authentication, noticeKey }: EndpointContext,
  { request, exchange, caller }: Visit,
  { canBePublic }: { readonly canBePublic: boolean },
): Promise<ClientForm> => {
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') throw new Refusal('content_type_wrong');
  const form = readForm(request.body);
  const credentials = readCredentials(request, form);
  if (!canBePublic && credentials.some(({ clientSecret }) => clientSecret === undefined))
    throw new Refusal('credentials_missing');
  const who = { dialect: 'oauth', isForEveryDialect: true, readings: credentials, caller, ...exchange };
  const { client, newestKeyNumber } = await authenticate(authentication, who);
  // The ring is read again where it lacks a key that is known of already.
  noticeKey(newestKeyNumber);
  return { form, client };
};

/** What a form is about. */
export const readToken = (form: Form): string => {
  const token = form.get('token');
  if (token === undefined) throw new Refusal('token_missing');
  return token;
};

const readCredentials = (request: WireRequest, form: Form): readonly Credentials[] => {
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  const hasHeader = request.headers['authorization'] !== undefined;
  if (!hasHeader && clientId !== undefined) return [{ clientId, clientSecret }];
  if (hasHeader && clientSecret !== undefined) throw new Refusal('credentials_twice');
  const credentials = readBasic(request);
  if (clientId !== undefined && credentials.every((one) => one.clientId !== clientId))
    throw new Refusal('credentials_twice');
  return credentials;
};
