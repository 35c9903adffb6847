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
  /** `undefined` for a public client. */
  readonly clientSecret: string | undefined;
  /** Space separated; includes `openid`. */
  readonly scope: string;
};

/** What the answer of the provider is checked against; new for every sign-in. */
export type SignInAttempt = {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
};

export type Upstream = {
  /** Returns the URL to send the browser to. `isFresh`: the provider asks for credentials even if an owner is signed in there. */
  begin(
    attempt: SignInAttempt,
    options: { readonly redirectUri: string; readonly language: string; readonly isFresh: boolean },
  ): Promise<string>;
  /** Returns the owner who signed in. `url` is the complete callback URL. */
  finish(url: URL, attempt: SignInAttempt): Promise<Owner>;
};

/** A sign-in failed. The message is for the operator and does not identify the owner. */
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

const tooManyRequests = (): Error =>
  new SignInError('provider_unavailable', 'too many requests wait for the provider');

/** Signs owners in by authorization code with PKCE, state and nonce. Reads the metadata of the provider once. */
export const createUpstream = (settings: UpstreamSettings): Upstream => {
  let configuration: Promise<Configuration> | undefined;
  /** After a failure, the next sign-in tries again. */
  const discover = (): Promise<Configuration> => {
    configuration ??= discoverProvider(settings).catch((error: unknown) => {
      configuration = undefined;
      throw new SignInError('provider_unavailable', `discovery failed: ${describe(error)}`, { cause: error });
    });
    return configuration;
  };
  const limit = createConcurrencyLimit();
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
      const provider = await discover();
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const tokens = await authorizationCodeGrant(provider, url, checks).catch((error: unknown) => {
        throw new SignInError(reasonOf(error), describe(error), { cause: error });
      });
      return toOwner(tokens.claims() ?? {});
    },
  };
  return {
    begin: (...given) => limit(() => upstream.begin(...given), tooManyRequests),
    finish: (...given) => limit(() => upstream.finish(...given), tooManyRequests),
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
      // Checks the signature of the ID token. Without this, only TLS protects it.
      execute: [enableNonRepudiationChecks, ...(LOOPBACK.test(issuer) ? [allowInsecureRequests] : [])],
    },
  );

/** Errors of the provider itself, and errors that only the operator can fix. */
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
  // `fetch` throws a `TypeError` if there is no answer.
  if (error instanceof TypeError && error.cause instanceof Error) return 'provider_unavailable';
  return OUTAGE_CODES.has(codeOf(error)) ? 'provider_unavailable' : 'answer_invalid';
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Uses only names and codes of the libraries, because the provider's own text can contain anything. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const cause = codeOf(error.cause);
  return [error.name, codeOf(error), cause].filter((part) => typeof part === 'string').join(' ');
};

const toOwner = (claims: Readonly<Record<string, unknown>>): Owner => {
  const { sub: subject } = claims;
  if (typeof subject !== 'string' || subject === '' || subject.length > SUBJECT_MAX_CHARACTERS)
    throw new SignInError('answer_invalid', 'the subject is missing or too long');
  if (isSimulatedSubject(subject))
    throw new SignInError('answer_invalid', 'the subject has the prefix of simulated owners');
  const names = [claims['name'], claims['preferred_username'], claims['email']];
  const name = names.find((one): one is string => typeof one === 'string') ?? '';
  return { subject, name: name.slice(0, NAME_MAX_CHARACTERS), isSimulated: false };
};
