import type { Policy } from '../clients/policy.ts';

type Registered = Pick<Policy, 'audience'>;

/** The audiences of a client's access tokens: those that its policy names, or else this server. */
export const audiencesOf = <Issuer extends string | undefined>(
  { audience = '' }: Registered,
  issuer: Issuer,
): readonly (string | Issuer)[] => (audience === '' ? [issuer] : audience.split(' '));

/** Audiences as `aud` has them (RFC 7519 §4.1.3): one is a text, several are a list. */
export const writeAudience = <Name>(audiences: readonly Name[]): Name | Name[] => {
  const [only] = audiences;
  return audiences.length === 1 && only !== undefined ? only : [...audiences];
};

/** The audiences of an `aud`. */
export const readAudience = (aud: string | readonly string[]): readonly string[] =>
  typeof aud === 'string' ? [aud] : aud;

/** The audiences of an `aud` that the client's tokens still have. One that is taken from the client ends at once. */
export const remainingAudiences = (
  aud: string | readonly string[],
  policy: Registered,
  issuer: string | undefined,
): readonly string[] => {
  const own = audiencesOf(policy, issuer);
  return readAudience(aud).filter((one) => own.includes(one));
};

/** The resources that a request names, as `wire/repeatable.ts` joins them. */
const splitResources = (text: string): readonly string[] => [
  ...new Set(text.split(' ').filter((one) => one !== '')),
];

/**
 * The audiences of the tokens of one request: the resources that it names, or else all that the client has. `unknown` where a
 * resource is not one of the client's, or where its tokens are opaque and it names only some: an opaque token has no room for
 * a choice, and one for more than was asked for would not be what the client wants.
 *
 * @see RFC 8707 §2
 */
export const chooseAudiences = (
  policy: Registered & Pick<Policy, 'accessTokenFormat'>,
  resources: string | undefined,
  issuer: string,
): readonly string[] | 'unknown' => {
  const own = audiencesOf(policy, issuer);
  if (resources === undefined) return own;
  const named = splitResources(resources);
  if (named.length === 0 || named.some((one) => !own.includes(one))) return 'unknown';
  return policy.accessTokenFormat === 'jwt' || named.length === own.length ? named : 'unknown';
};
