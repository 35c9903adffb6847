import * as v from 'valibot';
import type { Seconds } from '../clock.ts';
import { TLS_SUBJECT } from './tls-subject.ts';
import { SIGNING_ALGORITHMS } from '../tokens/signing-key.ts';

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.union(
      [v.number(), v.pipe(v.string(), v.regex(/^[0-9]+$/), v.transform(Number))],
      'must be a whole number',
    ),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );

const seconds = wholeNumber;

const oneOf = <const Names extends readonly string[]>(names: Names) =>
  v.picklist(names, `must be one of ${names.join(', ')}`);

const flag = v.pipe(
  v.union([v.boolean(), v.picklist(['true', 'false'])], 'must be true or false'),
  v.transform((value) => value === true || value === 'true'),
);

const text = (pattern: RegExp, message: string, maxCharacters = 1024) =>
  v.pipe(
    v.string(message),
    v.maxLength(maxCharacters, `must be at most ${maxCharacters} characters`),
    v.regex(pattern, message),
  );

/** Scope tokens with one space between them (RFC 6749 §3.3). */
export const SCOPE = /^(?:[!#-[\]-~]+(?: [!#-[\]-~]+)*)?$/;

const NONE = 'none';
const YEAR = 365 * 86_400;

/** The longest overlap, and so the longest time for which a store must remember when a rotation was. */
export const OVERLAP_MAX_SECONDS = 900;

export const ON_REPLAY = ['revoke', 'refuse', 'observe'] as const;

/**
 * By a secret in HTTP Basic, in the form body, or in either (RFC 6749 §2.3.1), or without secrets: by an assertion that a key
 * of the client signed (RFC 7523), or by its certificate (RFC 8705).
 */
export const CLIENT_AUTHENTICATION = [
  'both',
  'basic',
  'post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const;

/** Sets of rules for clients that others have defined: that of the OpenID Foundation for FAPI 2.0, or none. */
export const SECURITY_PROFILES = ['none', 'fapi2'] as const;

/** By what an access token is bound to its client: a key (RFC 9449), a certificate (RFC 8705), or nothing. */
export const SENDER_CONSTRAINTS = ['none', 'dpop', 'mtls'] as const;

/** Every field of a client's policy, with its bounds. Flags of the command line are made from this table. */
export const POLICY_FIELDS = {
  /** From the issuance of each refresh token; slides with rotation. */
  refreshTokenLifetimeSeconds: seconds(60, 10 * YEAR),
  accessTokenLifetimeSeconds: seconds(1, YEAR),
  /** What a refresh does to the refresh token: `docs/decisions/0006-verdict.md`. */
  rotation: oneOf(['strict', 'overlap', 'until-used', 'none']),
  /** With rotation `overlap`: from the first use of a predecessor. */
  overlapSeconds: seconds(0, OVERLAP_MAX_SECONDS),
  /** With rotation `until-used`: a limit to it, from the first use of the predecessor. Absent for none. */
  untilUsedSeconds: v.optional(seconds(1, YEAR)),
  /** From the end of the overlap of a predecessor, without one from its first use: refused, but not treated as stolen. */
  raceSeconds: seconds(0, OVERLAP_MAX_SECONDS),
  /** RFC 9700 §4.14.2. `observe` refuses and reports what it would have revoked. */
  onReplay: oneOf(ON_REPLAY),
  /** What a replay that revokes the grant does to its access tokens: they expire as they would, or end at once. */
  onReplayAccessTokens: v.optional(oneOf(['expire', 'end']), 'end'),
  /** From the creation of the grant; refreshes do not extend it. `none` for no limit. */
  grantLifetimeSeconds: v.union(
    [
      v.pipe(
        v.literal(NONE),
        v.transform(() => null),
      ),
      v.null(),
      seconds(60, 100 * YEAR),
    ],
    'must be a whole number of seconds of at least 60, or none',
  ),
  /** How many generations ahead of the store a token may be, after the store lost its newest writes; 0 for none. */
  resyncGenerations: seconds(0, 1_000_000),
  /** Refuse a token request without a `User-Agent`. */
  requireUserAgent: flag,
  /**
   * How the client proves who it is. The values with a secret say where it may be in a request, for a wire with several
   * places (`docs/decisions/0025-real-clients.md`); a client with keys may use them too. Others allow that way only.
   */
  clientAuthentication: v.optional(oneOf(CLIENT_AUTHENTICATION), 'both'),
  /** Add `refresh_token_expires_in` to the answer, in dialects that have room for it. */
  includeRefreshExpiry: flag,
  /** Opaque access tokens, or JWTs that resource servers verify themselves (RFC 9068). */
  accessTokenFormat: v.optional(oneOf(['opaque', 'jwt']), 'opaque'),
  /**
   * The characters of opaque access tokens, in dialects where it is not fixed (`Shape.tail`). Absent for the vendor's.
   * Tokens of another length that were issued before keep working.
   */
  accessTokenLength: v.optional(wholeNumber(1, 4096)),
  /** How its JWTs are signed (RFC 7518 §3.1). Absent for ES256. */
  accessTokenAlgorithm: v.optional(oneOf(SIGNING_ALGORITHMS)),
  /**
   * What owners may grant the client, space separated: a request for more is refused, and a grant for more gives only
   * this. Empty or absent for nothing.
   */
  grantScope: v.optional(text(SCOPE, 'must be scopes with one space between them', 8192)),
  /** Whether simulated owners, who prove no identity, may grant the client access. Absent for no. */
  simulatedOwners: v.optional(flag),
  /** Whether an authorization request must have a PKCE challenge (RFC 7636). A public client's always must. */
  requirePkce: v.optional(flag),
  /**
   * Whether the client is an app on the owner's own machine, which listens on any free port of a loopback address
   * (RFC 8252 §7.3). Absent for what its type says: a public client is one.
   */
  nativeApp: v.optional(flag),
  /**
   * The id of the grant for which the client gets access tokens with its secret alone: that of the owner whose own client
   * it is. Empty or absent for none.
   */
  personalGrant: v.optional(
    text(/^(?:[0-9a-f]{16})?$/, 'must be the id of a grant, 16 hexadecimal digits, or empty for none'),
  ),
  /** Whether the client may get tokens for itself, without an owner (RFC 6749 §4.4). */
  clientCredentials: v.optional(flag, false),
  /** What such tokens may cover, space separated; a request may ask for less. Empty or absent for nothing. */
  clientCredentialsScope: v.optional(text(SCOPE, 'must be scopes with one space between them')),
  /** The types of authorization details that the client may ask owners for (RFC 9396). Absent for none. */
  authorizationDetails: v.optional(oneOf(['none', 'vehicle_data'])),
  /** The security profile that the client follows (`security-profile.ts`). Absent for none. */
  profile: v.optional(oneOf(SECURITY_PROFILES)),
  /** Whether an authorization request must have been pushed (RFC 9126). Absent for no, and always in a profile that asks for it. */
  requirePar: v.optional(flag),
  /**
   * Whether the client's assertions may lack their type (RFC 7523, as RFC 10070 updates it), for libraries that do not write it
   * yet. Each is reported. Absent for no.
   */
  untypedAssertions: v.optional(flag),
  /** By what the client's access tokens must be bound. Absent for nothing, or in a profile for either. */
  senderConstraint: v.optional(oneOf(SENDER_CONSTRAINTS)),
  /**
   * Whom certificates of the client are issued to, with clientAuthentication `tls_client_auth` (RFC 8705 §2.1.2): `dn:` with a
   * subject as RFC 4514 writes it, or `dns:`, `uri:`, `ip:` or `email:` with a name. Empty or absent for nobody.
   */
  tlsClientSubject: v.optional(
    text(TLS_SUBJECT, 'must begin with dn:, dns:, uri:, ip: or email:, or be empty for nobody'),
  ),
  /** Whether the client is on devices without a browser, which show owners a code to enter elsewhere (RFC 8628). Absent for no. */
  deviceFlow: v.optional(flag),
  /**
   * The audiences of access tokens (`aud`, RFC 9068 §2.2), space separated, and so the resources that a request may name
   * (RFC 8707). Empty or absent for this server, the issuer.
   */
  audience: v.optional(
    text(/^(?:[!-~]+(?: [!-~]+)*)?$/, 'must be visible ASCII with one space between audiences'),
  ),
} as const;

const schema = v.pipe(
  v.strictObject(
    {
      ...POLICY_FIELDS,
      /** Options that only the client's dialect has (`Dialect.options`), which checks them when they are set. */
      dialectOptions: v.optional(
        v.record(v.string(), text(/^[!-~]+$/, 'must be visible ASCII without spaces')),
      ),
    },
    ({ expected }) => (expected === 'never' ? 'is not a field of a policy' : 'is missing'),
  ),
  v.check(
    (policy) => policy.overlapSeconds < policy.refreshTokenLifetimeSeconds,
    'overlapSeconds must be less than refreshTokenLifetimeSeconds',
  ),
  v.check(
    (policy) => policy.raceSeconds < policy.refreshTokenLifetimeSeconds,
    'raceSeconds must be less than refreshTokenLifetimeSeconds',
  ),
);

/** What a client's tokens may do and for how long. Stored whole with the client, so a new default never changes an old client. */
export type Policy = {
  readonly [Field in keyof Fields]: Field extends `${string}Seconds`
    ? Seconds | Exclude<Fields[Field], number>
    : Fields[Field];
};
type Fields = v.InferOutput<typeof schema>;
export type PolicyField = keyof typeof POLICY_FIELDS;

/**
 * A policy from its fields, whose values are text or typed. Returns the faults, one sentence each, if a value is out of its
 * bounds, a field is unknown or two fields contradict each other.
 */
export const parsePolicy = (
  fields: Readonly<Record<string, unknown>>,
): { readonly policy: Policy } | { readonly faults: readonly string[] } => {
  const result = v.safeParse(schema, fields);
  if (result.success) return { policy: result.output };
  return {
    faults: result.issues.map((issue) => [v.getDotPath(issue), issue.message].filter(Boolean).join(' ')),
  };
};
