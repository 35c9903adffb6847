import { hash } from 'node:crypto';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  ClientSecretBasic,
  discovery,
  enableNonRepudiationChecks,
  None,
  ResponseBodyError,
} from 'openid-client';
import type { Configuration } from 'openid-client';
import type { SignInFailure } from '../../log-event.ts';
import { isSimulatedSubject } from './demo-owners.ts';
import type { Owner } from './owner.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';

/** The OpenID Connect provider with which real owners sign in. */
export type UpstreamSettings = {
  readonly issuer: string;
  readonly clientId: string;
  /** `undefined` for a client that has none, at a provider that asks for PKCE only. */
  readonly clientSecret: string | undefined;
  /** Space separated, `openid` among them. */
  readonly scope: string;
};

/** What an answer of the provider must fit: made anew for every sign-in. */
export type SignInAttempt = {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
};

export type Upstream = {
  /** Where the owner's browser is sent. `isFresh` asks the provider not to take whoever is signed in there. */
  begin(
    attempt: SignInAttempt,
    options: { readonly redirectUri: string; readonly language: string; readonly isFresh: boolean },
  ): Promise<string>;
  /** Who came back, from the whole URL to which the browser was sent. */
  finish(url: URL, attempt: SignInAttempt): Promise<Owner>;
};

/** An owner could not be signed in. The message is for the operator, and names no owner. */
export class SignInError extends Error {
  readonly reason: SignInFailure;

  constructor(reason: SignInFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SignInError';
    this.reason = reason;
  }
}

const TIMEOUT_SECONDS = 10;
/** OpenID Connect Core §2. */
const SUBJECT_MAX_CHARACTERS = 255;
const NAME_MAX_CHARACTERS = 100;
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:\/|$)/;

const tooMany = (): Error => new SignInError('provider_unavailable', 'too many wait for the provider');

/** Signs owners in by authorization code with PKCE, state and nonce. What the provider says of itself is asked for once. */
export const createUpstream = (settings: UpstreamSettings): Upstream => {
  let known: Promise<Configuration> | undefined;
  /** An outage is not remembered. */
  const discover = (): Promise<Configuration> => {
    known ??= discoverProvider(settings).catch((error: unknown) => {
      known = undefined;
      throw new SignInError('provider_unavailable', `discovery failed: ${describe(error)}`, { cause: error });
    });
    return known;
  };
  const wait = createConcurrencyLimit();
  const upstream: Upstream = {
    async begin({ state, nonce, codeVerifier }, { redirectUri, language, isFresh }) {
      const parameters = {
        redirect_uri: redirectUri,
        scope: settings.scope,
        state,
        nonce,
        code_challenge: hash('sha256', codeVerifier, 'base64url'),
        code_challenge_method: 'S256',
        ui_locales: language,
        ...(isFresh ? { prompt: 'login' } : {}),
      };
      return buildAuthorizationUrl(await discover(), parameters).href;
    },
    async finish(url, { state, nonce, codeVerifier }) {
      const configuration = await discover();
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const tokens = await authorizationCodeGrant(configuration, url, checks).catch((error: unknown) => {
        throw new SignInError(reasonOf(error), describe(error), { cause: error });
      });
      return toOwner(tokens.claims() ?? {});
    },
  };
  return {
    begin: (...given) => wait(() => upstream.begin(...given), tooMany),
    finish: (...given) => wait(() => upstream.finish(...given), tooMany),
  };
};

const discoverProvider = ({ issuer, clientId, clientSecret }: UpstreamSettings): Promise<Configuration> =>
  discovery(
    new URL(issuer),
    clientId,
    undefined,
    clientSecret === undefined ? None() : ClientSecretBasic(clientSecret),
    {
      timeout: TIMEOUT_SECONDS,
      // Otherwise the token would rest on the connection alone.
      execute: [enableNonRepudiationChecks, ...(LOOPBACK.test(issuer) ? [allowInsecureRequests] : [])],
    },
  );

/** What a provider calls an outage of its own, and what only the operator can remedy. */
const OUTAGES: ReadonlySet<string> = new Set([
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
]);

const reasonOf = (error: unknown): SignInFailure => {
  if (error instanceof SignInError) return error.reason;
  if (error instanceof AuthorizationResponseError)
    return OUTAGES.has(error.error) ? 'provider_unavailable' : 'provider_refused';
  if (error instanceof ResponseBodyError)
    return OUTAGES.has(error.error) || error.status >= 500 ? 'provider_unavailable' : 'answer_invalid';
  // What `fetch` throws where there is no answer.
  if (error instanceof TypeError && error.cause instanceof Error) return 'provider_unavailable';
  return OUTAGE_CODES.has(codeOf(error)) ? 'provider_unavailable' : 'answer_invalid';
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Codes of the libraries only: a provider's own text may hold anything. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const cause = codeOf(error.cause);
  return [error.name, codeOf(error), cause].filter((part) => typeof part === 'string').join(' ');
};

const toOwner = (claims: Readonly<Record<string, unknown>>): Owner => {
  const { sub: subject } = claims;
  if (typeof subject !== 'string' || subject === '' || subject.length > SUBJECT_MAX_CHARACTERS)
    throw new SignInError('answer_invalid', 'the provider names no subject, or one that is too long');
  if (isSimulatedSubject(subject))
    throw new SignInError('answer_invalid', 'the provider names a subject that is kept for simulated owners');
  const names = [claims['name'], claims['preferred_username'], claims['email']];
  const name = names.find((one): one is string => typeof one === 'string') ?? '';
  return { subject, name: name.slice(0, NAME_MAX_CHARACTERS), isSimulated: false };
};
