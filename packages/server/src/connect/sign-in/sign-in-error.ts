import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { SignInFailure } from '../../log-event.ts';

/** A sign-in failed. The message is for the operator and does not identify the owner. */
export class SignInError extends Error {
  readonly reason: SignInFailure;
  /** The OAuth error code of the provider, if it sent one. */
  readonly providerError: string | undefined;

  constructor(
    reason: SignInFailure,
    message: string,
    { providerError, ...options }: ErrorOptions & { readonly providerError?: string | undefined } = {},
  ) {
    super(message, options);
    this.name = 'SignInError';
    this.reason = reason;
    this.providerError = providerError;
  }
}

/** Converts an error of the OpenID Connect library. */
export const toSignInError = async (error: unknown): Promise<SignInError> => {
  // The library wraps errors of the function that sends its requests.
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof SignInError) return error;
  if (cause instanceof SignInError) return cause;
  const providerError = await readProviderError(error);
  return new SignInError(reasonOf(error, providerError), describe(error), { cause: error, providerError });
};

/** Errors of the provider itself, and errors that only the operator can fix. */
const OUTAGES: ReadonlySet<string | undefined> = new Set([
  'server_error',
  'temporarily_unavailable',
  'invalid_client',
  'unauthorized_client',
]);
const OUTAGE_CODES: ReadonlySet<unknown> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
]);

const TOO_MANY_REQUESTS = 429;

const reasonOf = (error: unknown, providerError: string | undefined): SignInFailure => {
  if (error instanceof AuthorizationResponseError)
    return OUTAGES.has(providerError) ? 'provider_unavailable' : 'provider_refused';
  if (error instanceof ResponseBodyError)
    return OUTAGES.has(providerError) || error.status >= 500 || error.status === TOO_MANY_REQUESTS
      ? 'provider_unavailable'
      : 'answer_invalid';
  // The token endpoint answers wrong client credentials with a challenge. RFC 6749 §5.2.
  if (error instanceof WWWAuthenticateChallengeError) return 'provider_unavailable';
  // `fetch` throws a `TypeError` if there is no answer.
  if (error instanceof TypeError && error.cause instanceof Error) return 'provider_unavailable';
  return OUTAGE_CODES.has(codeOf(error)) ? 'provider_unavailable' : 'answer_invalid';
};

/** What an error code looks like. An owner's browser carries the code of an authorization response, and can change it. */
const ERROR_CODE = /^[a-z][a-z_]{0,39}$/;

const readProviderError = async (error: unknown): Promise<string | undefined> => {
  const code =
    error instanceof WWWAuthenticateChallengeError ? await readCode(error.response) : codeIn(error);
  if (typeof code !== 'string') return undefined;
  return ERROR_CODE.test(code) ? code : 'unreadable';
};

const readCode = async (response: Response): Promise<unknown> =>
  codeIn(await response.json().catch(() => {}));

const codeIn = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Uses only names and codes of the libraries, because the provider's own text can contain anything. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const cause = codeOf(error.cause);
  return [error.name, codeOf(error), cause].filter((part) => typeof part === 'string').join(' ');
};
