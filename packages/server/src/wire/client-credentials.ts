import { readAssertion } from '../clients/credentials.ts';
import type { AuthenticationMethod, Credentials } from '../clients/credentials.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import { Refusal } from '../errors.ts';
import { memoize } from '../memoize.ts';
import type { WireRequest } from './exchange.ts';
import { decodeFormText, decodeUtf8 } from './headers.ts';

/**
 * Reads who sends a form, by an assertion, by HTTP Basic, by `client_id` and `client_secret` in the form, or by `client_id` alone:
 * the ways to read it, of which the first that fits counts. `methods` are those that the endpoint accepts.
 *
 * @see RFC 6749 §2.3.1 and §3.2.1, RFC 7521 §4.2
 */
export const readClientCredentials = (
  request: WireRequest,
  form: ReadonlyMap<string, string>,
  methods: readonly AuthenticationMethod[],
): readonly Credentials[] => {
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  // Blank is absent, as in the form: some clients and proxies send such a header where they have nothing to send.
  const header = request.headers['authorization']?.trim() ?? '';
  const assertion = form.get('client_assertion');
  if (assertion !== undefined && methods.includes('private_key_jwt')) {
    if (header !== '' || clientSecret !== undefined) throw new Refusal('credentials_twice');
    return [readClientAssertion(assertion, form.get('client_assertion_type'), clientId)];
  }
  const { certificate } = request;
  if (header === '' && clientSecret === undefined && clientId !== undefined && certificate !== undefined)
    return readTls(clientId, certificate, methods);
  if (header === '') return [readForm(clientId, clientSecret, methods)];
  // RFC 6749 §2.3: a client uses one method per request.
  if (clientSecret !== undefined && methods.includes('client_secret_post'))
    throw new Refusal('credentials_twice');
  const readings = readBasic(header);
  if (clientSecret !== undefined || (clientId !== undefined && !hasClient(readings, clientId)))
    throw new Refusal('credentials_twice');
  return readings;
};

/** A certificate may be of either kind, or have nothing to do with a public client. @see RFC 8705 §2 */
const readTls = (
  clientId: string,
  certificate: ClientCertificate,
  methods: readonly AuthenticationMethod[],
): readonly Credentials[] => [
  { method: 'tls_client_auth', clientId, certificate },
  { method: 'self_signed_tls_client_auth', clientId, certificate },
  ...(methods.includes('none') ? [{ method: 'none', clientId } as const] : []),
];

const readForm = (
  clientId: string | undefined,
  clientSecret: string | undefined,
  methods: readonly AuthenticationMethod[],
): Credentials => {
  const method = clientSecret === undefined ? 'none' : 'client_secret_post';
  if (clientId === undefined || !methods.includes(method)) throw new Refusal('credentials_missing');
  return clientSecret === undefined
    ? { method: 'none', clientId }
    : { method: 'client_secret_post', clientId, clientSecret };
};

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The client is that of the assertion; where the form names one too, it is the same. @see RFC 7521 §4.2, RFC 7523 §2.2 */
const readClientAssertion = (
  text: string,
  type: string | undefined,
  clientId: string | undefined,
): Credentials => {
  const credentials = type === ASSERTION_TYPE ? readAssertion(text) : undefined;
  if (credentials === undefined) throw new Refusal('assertion_malformed');
  if (clientId !== undefined && clientId !== credentials.clientId) throw new Refusal('credentials_twice');
  return credentials;
};

const hasClient = (readings: readonly Credentials[], id: string): boolean =>
  readings.some(({ clientId }) => clientId === id);

const BASIC = /^basic +(?<encoded>[A-Za-z0-9+/]+={0,2})$/i;

const METHOD = 'client_secret_basic';

/**
 * The credentials of HTTP Basic, in the two readings that clients use: both halves form-encoded, as RFC 6749 §2.3.1
 * asks, and raw, as curl and vendors' SDKs send them. One reading where both are the same. The id ends at the first
 * colon (RFC 7617 §2).
 */
const readBasic = memoize((header): readonly Credentials[] => {
  const encoded = BASIC.exec(header)?.groups?.['encoded'];
  const pair = encoded === undefined ? undefined : decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = pair?.indexOf(':') ?? -1;
  if (pair === undefined || colon < 1) throw new Refusal('credentials_malformed');
  const raw = {
    method: METHOD,
    clientId: pair.slice(0, colon),
    clientSecret: pair.slice(colon + 1),
  } as const;
  const clientId = decodeFormText(raw.clientId);
  const clientSecret = decodeFormText(raw.clientSecret);
  if (clientId === undefined || clientSecret === undefined) return [raw];
  const isSame = clientId === raw.clientId && clientSecret === raw.clientSecret;
  return isSame ? [raw] : [{ method: METHOD, clientId, clientSecret }, raw];
});
