import type { AnswerClass } from '../grants/answer-class.ts';
import { KeeperError } from '../errors.ts';
import { defineConsent } from './consent.ts';
import type { Consent, ConsentDifferences } from './consent.ts';

/**
 * What a provider does with a refresh token that it has already used.
 *
 * - `overlap`: it answers again for so long after the first use.
 * - `once`: never. One more send finds out whether the first one arrived.
 * - `never`: it punishes the second use beyond this grant. Nothing is sent again.
 * - `free`: the token is not used up (client credentials, or valid until its successor is used).
 */
export type Repeats =
  | { readonly kind: 'overlap'; readonly seconds: number }
  | { readonly kind: 'once' }
  | { readonly kind: 'never' }
  | { readonly kind: 'free' };

/** How long tokens live where the answer does not say. */
export type Lifetimes = {
  readonly accessSeconds: number;
  /** `undefined` where the provider names none. */
  readonly refreshSeconds?: number | undefined;
  /** From the consent, however often it is refreshed. */
  readonly grantSeconds?: number | undefined;
};

/** One vendor's token endpoint, as data. A path names a member: `data.accessToken`. */
export type Provider = {
  readonly name: string;
  /** The token endpoint. */
  readonly url: string;
  /** Where a token is revoked as in RFC 7009; `undefined` where that is not offered. */
  readonly revocationUrl?: string | undefined;
  readonly grantType: 'refresh_token' | 'client_credentials';
  readonly body: 'form' | 'json';
  /** Where client id and secret go; `none` for the id alone, in the body. */
  readonly credentials: 'basic' | 'body' | 'none';
  /** The names of the members of the body; those without a name are not sent. */
  readonly fields: Readonly<Partial<Record<RequestField, string>>>;
  /** Further members of a refresh. `{brand}` stands for the grant's parameter of this name. */
  readonly constants: Readonly<Record<string, string>>;
  /** Headers besides the usual ones. `{brand}` stands for the grant's parameter of this name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parameters of a grant that the provider accepts, for a request that is only a test. */
  readonly exampleParams?: Readonly<Record<string, string>>;
  /** Where the answer has what. */
  readonly answer: Readonly<Partial<Record<AnswerField, string>>>;
  /** Where a refusal has its code and the name of the member it complains of. */
  readonly refusal: { readonly code: string; readonly field?: string | undefined };
  /** What a code means; what is not listed is judged by its status. */
  readonly codes: Readonly<Record<string, AnswerClass>>;
  /** What a complaint about one member means; stronger than the code. */
  readonly complaints: Readonly<Record<string, AnswerClass>>;
  /** How the data API refuses an access token, where that is not status 401. */
  readonly accessRefusal?: { readonly status: number; readonly codes: readonly string[] } | undefined;
  /** Where owners consent; missing where there is no owner (client credentials), or where it is not known. */
  readonly consent?: Consent | undefined;
  readonly lifetimes: Lifetimes;
  readonly repeats: Repeats;
  /** After so long without an answer an exchange is over. */
  readonly exchangeSeconds: number;
};

/** The members of a request that providers name differently. */
export type RequestField = 'grantType' | 'refreshToken' | 'clientId' | 'clientSecret';

/** The members of an answer that providers place differently. */
export type AnswerField =
  'accessToken' | 'refreshToken' | 'expiresIn' | 'refreshExpiresIn' | 'scope' | 'requestId';

/** RFC 6749 with what RFC 9700 advises: a used refresh token is not accepted again. Others differ from this. */
export const RFC6749: Omit<Provider, 'name' | 'url'> = {
  grantType: 'refresh_token',
  body: 'form',
  credentials: 'basic',
  fields: { grantType: 'grant_type', refreshToken: 'refresh_token' },
  constants: {},
  headers: {},
  answer: {
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    expiresIn: 'expires_in',
    refreshExpiresIn: 'refresh_token_expires_in',
    scope: 'scope',
  },
  refusal: { code: 'error' },
  codes: {
    invalid_grant: 'grant_rejected',
    bad_refresh_token: 'grant_rejected',
    login_required: 'grant_rejected',
    invalid_client: 'client_rejected',
    unauthorized_client: 'client_rejected',
    unsupported_grant_type: 'client_rejected',
    invalid_request: 'unclear',
    invalid_scope: 'bug',
    slow_down: 'rate_limited',
    temporarily_unavailable: 'ambiguous',
    server_error: 'ambiguous',
  },
  complaints: {},
  lifetimes: { accessSeconds: 3600 },
  repeats: { kind: 'once' },
  exchangeSeconds: 60,
};

/** What of a provider differs from RFC 6749; its name and its URL always do. */
export type ProviderDifferences = Pick<Provider, 'name' | 'url'> &
  Partial<Omit<Provider, 'consent'>> & { readonly consent?: ConsentDifferences | undefined };

/** A provider from what differs from RFC 6749. Throws `KeeperError` for what can never work. */
export const defineProvider = ({ consent, ...differences }: ProviderDifferences): Provider => {
  const provider: Provider = {
    ...RFC6749,
    ...differences,
    codes: { ...RFC6749.codes, ...differences.codes },
    ...(consent === undefined ? {} : { consent: defineConsent(consent) }),
  };
  const { repeats, exchangeSeconds, lifetimes } = provider;
  const wrong = (what: string, remedy: string): never => {
    throw new KeeperError('provider_invalid', `The provider ${provider.name} ${what}`, remedy);
  };
  if (!URL.canParse(provider.url)) wrong(`has the URL "${provider.url}"`, 'Give an absolute https URL.');
  if (provider.revocationUrl !== undefined && !URL.canParse(provider.revocationUrl))
    wrong(`has the revocation URL "${provider.revocationUrl}"`, 'Give an absolute https URL.');
  if (consent !== undefined && !URL.canParse(consent.url))
    wrong(`has the consent URL "${consent.url}"`, 'Give an absolute https URL.');
  if (!(exchangeSeconds > 0) || exchangeSeconds > 300)
    wrong('waits for no sensible time', 'Set exchangeSeconds from 1 to 300.');
  if (!(lifetimes.accessSeconds > 0)) wrong('has no accessSeconds', 'Set it to a number of seconds above 0.');
  if (repeats.kind === 'overlap' && !(repeats.seconds > 0))
    wrong('has an overlap of no time', 'Use { kind: "once" } for a provider without an overlap.');
  return provider;
};
