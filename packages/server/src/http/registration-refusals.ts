import { renderOAuthRefusal } from '../dialects/oauth/answers.ts';
import { Refusal } from '../errors.ts';
import type { OAuthError, RefusalReason } from '../errors.ts';
import type { Exchange, WireResponse } from '../wire/exchange.ts';

/** The errors that only registrations have; a refusal usually says in its own words what exactly is wrong. @see RFC 7591 §3.2.2 */
const ERRORS: Readonly<Partial<Record<RefusalReason, OAuthError>>> = {
  redirect_uris_invalid: { error: 'invalid_redirect_uri', description: 'A redirect URI is invalid.' },
  metadata_invalid: {
    error: 'invalid_client_metadata',
    description: 'The metadata of the client are invalid.',
  },
  software_statement_unapproved: {
    error: 'unapproved_software_statement',
    description: 'This server approves no software statements: send the metadata without one.',
  },
};

/** A refusal of a registration: as RFC 7591 §3.2.2 has it, or else as every endpoint of the RFCs. */
export const renderRegistrationRefusal = (
  refusal: Refusal,
  { exchange }: { readonly exchange: Exchange },
): WireResponse => {
  const oauthError = refusal.oauthError ?? ERRORS[refusal.reason];
  const { reason, details } = refusal;
  return renderOAuthRefusal(
    refusal.oauthError === undefined && oauthError !== undefined
      ? new Refusal(reason, details, { oauthError })
      : refusal,
    { exchange },
  );
};
