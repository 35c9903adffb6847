import { faultInEnglish } from '../language.ts';
import type { Fault } from '../language.ts';
import type { MetadataFault } from '../clients/client-metadata.ts';

/** Fields of ours that a client knows by other names. */
const NAMES: Readonly<Record<string, string>> = {
  clientAuthentication: 'token_endpoint_auth_method',
  grantScope: 'scope',
  clientCredentialsScope: 'scope',
  clientCredentials: 'client_credentials in grant_types',
  deviceFlow: 'the device code grant type',
  senderConstraint: 'the binding of access tokens',
  requirePar: 'require_pushed_authorization_requests',
  tlsClientSubject: 'the subject of the certificate',
  nativeApp: 'application_type native',
  jwksUri: 'jwks_uri',
};

const DESCRIPTION_MAX_CHARACTERS = 500;

/** The first of our faults as the error of a registration. The client's own values may be in it. @see RFC 7591 §3.2.2 */
export const toMetadataFault = ([first = '']: readonly Fault[]): MetadataFault => {
  const fault = faultInEnglish(first);
  return {
    error: /^the redirect URI |redirect URIs/.test(fault)
      ? 'invalid_redirect_uri'
      : 'invalid_client_metadata',
    description: `${fault.replaceAll(/\b[a-zA-Z]+\b/g, (word) => (Object.hasOwn(NAMES, word) ? (NAMES[word] ?? word) : word))}.`,
  };
};

/** A text in the characters of an error description, and not longer than one should be. @see RFC 6749 §5.2 */
export const toDescription = (text: string): string =>
  text
    .replaceAll('§', 'section ')
    .replaceAll('"', "'")
    .replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
    .slice(0, DESCRIPTION_MAX_CHARACTERS);
