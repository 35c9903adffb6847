import { authenticate } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import type { AuthenticationMethod } from '../clients/credentials.ts';
import { oauth } from '../dialects/oauth/oauth.ts';
import { Refusal } from '../errors.ts';
import { readClientForm } from '../wire/client-form.ts';
import type { ClientForm } from '../wire/client-form.ts';
import type { Visit } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/** What log events name as the dialect of an endpoint that serves the clients of every dialect. */
export const SHARED_DIALECT = oauth.name;

/**
 * Reads a form and authenticates the client that sent it, of any dialect, by one of `methods`.
 *
 * @see RFC 6749 §2.3.1 and §3.2.1
 */
export const authenticateForm = async (
  { authentication, noticeKeys }: EndpointContext,
  visit: Visit,
  methods: readonly AuthenticationMethod[],
): Promise<{ readonly form: ClientForm['form']; readonly client: Client }> => {
  const { form, credentials } = readClientForm(visit.request, methods);
  const { client, keys } = await authenticate(authentication, {
    dialect: SHARED_DIALECT,
    isForEveryDialect: true,
    readings: credentials,
    caller: visit.caller,
    ...visit.exchange,
  });
  visit.client = client;
  // May read the key ring again, so it comes before the ring is used.
  noticeKeys(keys);
  return { form, client };
};

/** The token that a form is about. */
export const readToken = (form: ClientForm['form']): string => {
  const token = form.get('token');
  if (token === undefined) throw new Refusal('token_missing');
  return token;
};
