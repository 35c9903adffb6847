import { hash } from 'node:crypto';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import type { Configuration } from 'openid-client';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { authenticateAtProvider } from './client-authentication.ts';
import type { SecretMethod } from './client-authentication.ts';
import { isSimulatedSubject } from './demo-owners.ts';
import type { Owner } from './owner.ts';
import { createProviderFetch } from './provider-fetch.ts';
import type { ReportLeftOut } from './provider-fetch.ts';
import { SignInError, toSignInError } from './sign-in-error.ts';

/** The OpenID Connect provider with which real owners sign in. */
export type UpstreamSettings = {
  readonly issuer: string;
  readonly clientId: string;
  /** `undefined` for a public client. */
  readonly clientSecret: string | undefined;
  /** How the secret is sent; `undefined` for what the provider's metadata asks for. */
  readonly clientAuthentication: SecretMethod | undefined;
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
  /** Returns the owner who signed in, and the ID token that says so. `url` is the complete callback URL. */
  finish(url: URL, attempt: SignInAttempt): Promise<SignedIn>;
  /**
   * Returns the URL at which the provider ends its own session and sends the browser back to `returnTo` with `state`;
   * `undefined` if it offers none.
   *
   * @see OpenID Connect RP-Initiated Logout 1.0 §2
   */
  end(options: {
    readonly idToken: string | undefined;
    readonly returnTo: string;
    readonly state: string;
    readonly language: string;
  }): Promise<string | undefined>;
};

export type SignedIn = {
  readonly owner: Owner;
  readonly idToken: string | undefined;
  /** Of the ID token, which was checked. */
  readonly claims: Readonly<Record<string, unknown>>;
};

const TIMEOUT_SECONDS = 10;
/** OpenID Connect Core §2. */
const SUBJECT_MAX_CHARACTERS = 255;
const NAME_MAX_CHARACTERS = 100;
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:\/|$)/;

const tooManyRequests = (): Error =>
  new SignInError('provider_unavailable', 'too many requests wait for the provider');

/**
 * Signs people in by authorization code with PKCE, state and nonce. Reads the metadata of the provider once, and again after
 * the provider failed.
 */
export const createUpstream = (settings: UpstreamSettings, reportLeftOut: ReportLeftOut): Upstream => {
  let configuration: Promise<Configuration> | undefined;
  /** After a failure, the next sign-in tries again. */
  const discover = (): Promise<Configuration> => {
    configuration ??= discoverProvider(settings, reportLeftOut).catch(async (error: unknown) => {
      configuration = undefined;
      const { message, providerError } = await toSignInError(error);
      const options = { cause: error, providerError };
      throw new SignInError('provider_unavailable', `discovery failed: ${message}`, options);
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
      const provider = await discover();
      try {
        return buildAuthorizationUrl(provider, parameters).href;
      } catch (error) {
        throw await toSignInError(error);
      }
    },
    async finish(url, { state, nonce, codeVerifier }) {
      const provider = await discover();
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const tokens = await authorizationCodeGrant(provider, url, checks).catch(async (error: unknown) => {
        const failure = await toSignInError(error);
        // Its endpoints or keys may be others now. What a browser brings says nothing of them.
        const isOfBrowser = error instanceof AuthorizationResponseError;
        if (failure.reason === 'provider_unavailable' && !isOfBrowser) configuration = undefined;
        throw failure;
      });
      const claims = { ...tokens.claims() };
      return { owner: toOwner(claims), idToken: tokens.id_token, claims };
    },
    async end({ idToken, returnTo, state, language }) {
      const provider = await discover();
      if (provider.serverMetadata().end_session_endpoint === undefined) return undefined;
      const hint = idToken === undefined ? {} : { id_token_hint: idToken };
      const parameters = { post_logout_redirect_uri: returnTo, state, ui_locales: language, ...hint };
      try {
        return buildEndSessionUrl(provider, parameters).href;
      } catch (error) {
        throw await toSignInError(error);
      }
    },
  };
  return {
    begin: (...given) => limit(() => upstream.begin(...given), tooManyRequests),
    finish: (...given) => limit(() => upstream.finish(...given), tooManyRequests),
    end: (...given) => limit(() => upstream.end(...given), tooManyRequests),
  };
};

const discoverProvider = (
  { issuer, clientId, clientSecret, clientAuthentication }: UpstreamSettings,
  reportLeftOut: ReportLeftOut,
): Promise<Configuration> =>
  discovery(
    new URL(issuer),
    clientId,
    undefined,
    authenticateAtProvider(clientSecret, clientAuthentication),
    {
      timeout: TIMEOUT_SECONDS,
      [customFetch]: createProviderFetch(reportLeftOut),
      // Checks the signature of the ID token. Without this, only TLS protects it.
      execute: [enableNonRepudiationChecks, ...(LOOPBACK.test(issuer) ? [allowInsecureRequests] : [])],
    },
  );

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
