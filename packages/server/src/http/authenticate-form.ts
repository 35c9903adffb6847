import { authenticate } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import type { ClientReading } from '../clients/client-store.ts';
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
  /** Called before the assertion of the client is used up. */
  beforeUse?: (client: Client) => void,
): Promise<{ readonly form: ClientForm['form']; readonly client: Client }> => {
  const { form, credentials } = readClientForm(visit.request, methods);
  const notice = ({ client: found, keys: registered }: Known): Client => {
    visit.client = found;
    // May read the key ring again, so it comes before the ring is used.
    noticeKeys(registered);
    return found;
  };
  const { client, keys } = await authenticate(authentication, {
    dialect: SHARED_DIALECT,
    isForEveryDialect: true,
    readings: credentials,
    caller: visit.caller,
    ...visit.exchange,
    beforeUse: beforeUse && ((known) => beforeUse(notice(known))),
  });
  notice({ client, keys });
  return { form, client };
};

type Known = ClientReading & { readonly client: Client };

/** The token that a form is about. */
export const readToken = (form: ClientForm['form']): string => {
  const token = form.get('token');
  if (token === undefined) throw new Refusal('token_missing');
  return token;
};
