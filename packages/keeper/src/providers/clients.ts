import { KeeperError } from '../errors.ts';
import type { ConsentDifferences } from './consent.ts';
import type { Provider, ProviderDifferences } from './provider.ts';
import { defineProvider } from './provider.ts';

/** One set of credentials at one provider. */
export type Client = {
  readonly provider: Provider;
  readonly clientId: string;
  /** The first one is used; the next ones are tried when the provider refuses it. */
  readonly clientSecrets: readonly string[];
  readonly userAgent: string;
  /** Refreshes per second, in this process. */
  readonly perSecondMax: number;
  /** Refreshes at a time, in this process. */
  readonly concurrencyMax: number;
  /**
   * Whether access tokens are kept valid: while somebody asks for them, always, or only when asked. Each refresh is a
   * risk at a provider without an overlap, so `asked` is the default.
   */
  readonly keepWarm: 'asked' | 'always' | 'never';
};

/** What a program says about a client. */
export type ClientOptions = {
  readonly clientId: string;
  /** One secret, or several during a change: the current one first. None for a provider whose clients have no secret. */
  readonly clientSecret?: string | readonly string[];
  /** Another host with the same paths, for example a sandbox. */
  readonly origin?: string;
  /** The whole token endpoint. */
  readonly url?: string;
  /** Where tokens are revoked as in RFC 7009. Used where an answer comes for a connection that was closed meanwhile. */
  readonly revocationUrl?: string;
  /** The whole authorization endpoint. */
  readonly authorizeUrl?: string;
  /** Accepts plain http to another machine. Secrets then travel in clear. */
  readonly isInsecure?: boolean;
  readonly userAgent?: string;
  readonly perSecondMax?: number;
  readonly concurrencyMax?: number;
  readonly keepWarm?: Client['keepWarm'];
  /** What this deployment knows better than the profile: an overlap of ten minutes, other lifetimes. */
  readonly differences?: Partial<ProviderDifferences>;
};

const USER_AGENT = 'keyfob-keeper/0.1';

/** A client of any provider. Throws `KeeperError` for a URL that would send secrets in clear. */
export const clientOf = (profile: Provider, options: ClientOptions): Client => {
  const {
    clientId,
    clientSecret = [],
    userAgent = USER_AGENT,
    perSecondMax = 5,
    concurrencyMax = 20,
  } = options;
  const { credentials } = { ...profile, ...options.differences };
  // The same machinery works with a secret that is empty and not sent.
  const clientSecrets = credentials === 'none' ? [''] : [clientSecret].flat();
  if (clientId === '' || clientSecrets.length === 0 || (credentials !== 'none' && clientSecrets.includes('')))
    throw new KeeperError(
      'client_invalid',
      `A client of ${profile.name} has no id or no secret`,
      'Give clientId and clientSecret as the provider shows them.',
    );
  if (!(perSecondMax > 0) || !(concurrencyMax >= 1))
    throw new KeeperError(
      'client_invalid',
      'A budget of nothing',
      'Set perSecondMax and concurrencyMax above 0.',
    );
  const url = options.url ?? atOrigin(profile.url, options.origin);
  const revocationUrl =
    options.revocationUrl ??
    (profile.revocationUrl === undefined ? undefined : atOrigin(profile.revocationUrl, options.origin));
  const provider = defineProvider({
    ...profile,
    revocationUrl,
    ...options.differences,
    url,
    consent: consentOf({ ...profile, ...options.differences }, options),
  });
  refuseClearText(provider, options.isInsecure === true);
  return {
    provider,
    clientId,
    clientSecrets,
    userAgent,
    perSecondMax,
    concurrencyMax,
    keepWarm: options.keepWarm ?? 'asked',
  };
};

/** The path and query of a token endpoint under another origin, which may have a path of its own. */
const atOrigin = (url: string, origin: string | undefined): string =>
  origin === undefined ? url : origin.replace(/\/+$/, '') + new URL(url).pathname + new URL(url).search;

/** The consent of a client: under the same other origin as its token endpoint. */
const consentOf = (
  { consent }: Partial<ProviderDifferences>,
  { origin, authorizeUrl }: ClientOptions,
): ConsentDifferences | undefined => {
  if (authorizeUrl !== undefined) return { ...consent, url: authorizeUrl };
  if (consent === undefined || origin === undefined) return consent;
  const { code, url } = consent;
  return {
    ...consent,
    url: atOrigin(url, origin),
    code: { ...code, ...(code?.url === undefined ? {} : { url: atOrigin(code.url, origin) }) },
  };
};

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Whether a URL is plain http to this machine. */
export const isLoopback = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && LOOPBACK.test(hostname);
};

const refuseClearText = ({ name, url, revocationUrl, consent }: Provider, isInsecure: boolean): void => {
  const refused = [url, revocationUrl, consent?.url, consent?.code.url].find(
    (one) => one !== undefined && !(isInsecure ? /^https?:/ : /^https:/).test(one) && !isLoopback(one),
  );
  if (refused === undefined) return;
  const { hostname } = new URL(refused);
  throw new KeeperError(
    'url_insecure',
    `The client secret of ${name} would travel in clear to ${hostname}`,
    'Use https, or set isInsecure for a network that you trust.',
  );
};

/** A client of any server that speaks plain RFC 6749. `url` is its token endpoint. */
export const oauth = (options: ClientOptions & { readonly url: string }): Client =>
  clientOf(defineProvider({ name: 'oauth', url: options.url }), options);
