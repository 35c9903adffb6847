import { authenticate } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import type { AuthenticationMethod } from '../clients/credentials.ts';
import { Refusal } from '../errors.ts';
import { readClientCredentials } from '../wire/client-credentials.ts';
import { readForm } from '../wire/form.ts';
import { readMediaType } from '../wire/headers.ts';
import type { Visit } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

type Form = ReadonlyMap<string, string>;

/** A form and the client that sent it. */
export type ClientForm = {
  readonly form: Form;
  readonly client: Client;
};

/**
 * Reads a form and authenticates the client that sent it, of any dialect, by one of `methods`.
 *
 * @see RFC 6749 §2.3.1 and §3.2.1
 */
export const readClientForm = async (
  { authentication, noticeKey }: EndpointContext,
  { request, exchange, caller }: Visit,
  methods: readonly AuthenticationMethod[],
): Promise<ClientForm> => {
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') throw new Refusal('content_type_wrong');
  const form = readForm(request.body);
  const readings = readClientCredentials(request, form, methods);
  const asked = { dialect: 'oauth', isForEveryDialect: true, readings, caller, ...exchange };
  const { client, newestKeyNumber } = await authenticate(authentication, asked);
  // May read the key ring again, so it comes before the ring is used.
  noticeKey(newestKeyNumber);
  return { form, client };
};

/** The token that a form is about. */
export const readToken = (form: Form): string => {
  const token = form.get('token');
  if (token === undefined) throw new Refusal('token_missing');
  return token;
};
