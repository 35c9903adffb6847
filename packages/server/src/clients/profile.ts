import { faultOfName } from './display-name.ts';
import { parseLogo } from './logo.ts';
import type { Logo } from './logo.ts';
import { LOOPBACK_HOSTS } from './redirect-uri.ts';

/** What owners see of a client besides its name. */
export type ClientProfile = {
  /** Who makes the app; empty for nobody. */
  readonly developer: string;
  /** Where the app says what it does with the data. */
  readonly privacyUrl: string | undefined;
  readonly logo: Logo | undefined;
};

export const NO_PROFILE: ClientProfile = { developer: '', privacyUrl: undefined, logo: undefined };

/** A change of a profile; what is absent stays. */
export type ProfileChange = {
  readonly developer?: string;
  /** `null` for none. */
  readonly privacyUrl?: string | null;
  /** The bytes of a PNG or JPEG image; `null` for none. */
  readonly logo?: Uint8Array | null;
};

/** The changed profile, absent if it says nothing, or its faults, one sentence each. */
export const changeProfile = (
  profile: ClientProfile = NO_PROFILE,
  { developer = profile.developer, privacyUrl = profile.privacyUrl, logo: bytes }: ProfileChange,
): { readonly profile?: ClientProfile } | { readonly faults: readonly string[] } => {
  const logo = bytes === undefined ? profile.logo : bytes === null ? undefined : parseLogo(bytes);
  const faults = [
    ...faultOf('the name of the developer', faultOfName(developer)),
    ...faultOf('the privacy link', typeof privacyUrl === 'string' ? faultOfLink(privacyUrl) : undefined),
    ...(logo !== undefined && 'fault' in logo ? [`the logo ${logo.fault}`] : []),
  ];
  if (faults.length > 0 || (logo !== undefined && 'fault' in logo)) return { faults };
  const isEmpty = developer === '' && (privacyUrl ?? '') === '' && logo === undefined;
  return isEmpty ? {} : { profile: { developer, privacyUrl: privacyUrl ?? undefined, logo } };
};

const faultOf = (what: string, fault: string | undefined): readonly string[] =>
  fault === undefined ? [] : [`${what} ${fault}`];

const LINK_MAX_CHARACTERS = 2048;

/** What is wrong with a link that owners can follow, in words that follow its name; `undefined` for nothing. */
export const faultOfLink = (link: string): string | undefined => {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || link.length > LINK_MAX_CHARACTERS || !/^[\x21-\x7e]+$/.test(link))
    return 'must be an absolute URL in visible ASCII, of at most 2048 characters';
  if (url.username !== '' || url.password !== '') return 'must carry no user name or password';
  const isLoopback = url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname);
  return url.protocol === 'https:' || isLoopback
    ? undefined
    : 'must use https; http is for 127.0.0.1, [::1] and localhost';
};

/** A profile as one JSON object, as stores keep it. */
export const writeProfile = ({ developer, privacyUrl, logo }: ClientProfile = NO_PROFILE): string =>
  JSON.stringify({
    ...(developer === '' ? {} : { developer }),
    ...(privacyUrl === undefined ? {} : { privacyUrl }),
    ...(logo === undefined ? {} : { logo: Buffer.from(logo.bytes).toString('base64') }),
  });

/** The JSON of a profile that says nothing. */
export const EMPTY_PROFILE = writeProfile();

/**
 * The profile from its JSON. A logo that this version does not accept any more is left out: no client stops working
 * because of what owners see of it.
 */
export const readProfile = (text: string): ClientProfile => {
  const stored = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
  const { developer = '', privacyUrl, logo: base64 } = stored;
  const logo = base64 === undefined ? undefined : parseLogo(Buffer.from(base64, 'base64'));
  return { developer, privacyUrl, logo: logo === undefined || 'fault' in logo ? undefined : logo };
};
