import { DIALECTS, findDialect, Refusal } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import type { Millis } from '@keyfob/server/grants';
import type { WireResponse } from '@keyfob/server/wire';

/** An error that a fault answers. */
export type MadeError = {
  readonly errorCode: string;
  readonly description?: string | undefined;
  /** That of the vendor where left out. */
  readonly status?: number | undefined;
};

type Place = { readonly dialect: string | undefined; readonly nowMs: Millis; readonly requestId: string };

/** Why a server answers each error of OAuth 2.0: so a fault has the words of the vendor. */
const REASONS: Readonly<Record<string, Refusal['reason']>> = {
  invalid_request: 'parameter_missing',
  invalid_client: 'client_secret_wrong',
  invalid_grant: 'unknown',
  invalid_scope: 'scope_not_allowed',
  unauthorized_client: 'client_not_permitted',
  unsupported_grant_type: 'grant_type_unsupported',
  temporarily_unavailable: 'overloaded',
};

/**
 * The error as the dialect that was asked writes it, in its own words where it has some. Elsewhere it is that of OAuth 2.0. There
 * always is a description, because some clients cannot do without.
 */
export const renderError = (
  { errorCode, description, status }: MadeError,
  { dialect: name, ...exchange }: Place,
): WireResponse => {
  const dialect: Dialect = findDialect(name ?? '') ?? DIALECTS.oauth;
  const reason = REASONS[errorCode];
  if (reason !== undefined && description === undefined) {
    const own = dialect.renderRefusal(new Refusal(reason), undefined, exchange);
    // A fault says by itself when a client may come again; a challenge belongs to 401.
    const { 'Retry-After': _pause, 'WWW-Authenticate': challenge, ...headers } = own.headers;
    const answered = status ?? own.status;
    const hasChallenge = challenge !== undefined && answered === 401;
    return {
      status: answered,
      headers: hasChallenge ? { ...headers, 'WWW-Authenticate': challenge } : headers,
      body: own.body,
    };
  }
  const words = description ?? errorCode.replaceAll('_', ' ');
  const made = dialect.sandbox.renderError({ error: errorCode, description: words }, exchange);
  return { status: status ?? 400, headers: made.headers, body: made.body };
};
