import type { Fault } from '../language.ts';
import type { Client, ClientType } from '../clients/client.ts';
import type { AuthenticationMethod } from '../clients/credentials.ts';
import type { Policy } from '../clients/policy.ts';
import { faultOfScheme, faultOfUri } from '../clients/redirect-uri.ts';
import type { TokenShapes } from '../grants/issue.ts';

/** What operations need to know of a dialect. */
export type DialectRules = {
  readonly name: string;
  /** The types of clients that it has. */
  readonly clientTypes: readonly ClientType[];
  /** The brands that a grant may be bound to. */
  readonly brands: readonly string[];
  /** Options that only its clients have, by name, with their values. */
  readonly options?: Readonly<Record<string, { readonly choices: readonly string[] }>>;
  /** Whether its authorization requests have room for PKCE. */
  readonly authorization: { readonly hasPkce: boolean };
  /** The scheme that its vendor documents for redirect URIs of a client's own apps. */
  readonly appScheme?: (clientId: string) => string;
  readonly tokenEndpoints: Readonly<
    Record<
      string,
      {
        readonly methods: readonly AuthenticationMethod[];
        readonly bindsTokens?: boolean;
        serves(grantType: string): boolean;
      }
    >
  >;
  readonly shapes: TokenShapes;
  /** What a new client starts with. */
  readonly defaultPolicy: Policy;
};

/** The dialects that clients can speak. */
export type KnownDialects = {
  readonly names: readonly string[];
  /** The dialect of this name; `undefined` for an unknown name. */
  find(name: string): DialectRules | undefined;
  /** The dialect that a client speaks. Throws `OperatorError` where a newer version registered it. */
  of(client: Pick<Client, 'id' | 'dialect'>): DialectRules;
};

const takesAssertions = (endpoints: DialectRules['tokenEndpoints']): boolean =>
  Object.values(endpoints).some(({ methods }) => methods.includes('private_key_jwt'));

/**
 * Beside a block of 128 bits, whose content leaves a guess of an access token 99 bits per grant, so much authentication code
 * makes 2^-128 of a guess also where there are 2^35 grants (`docs/decisions/0034-fapi.md`).
 */
const STRONG_MAC_BYTES = 8;

const hasStrongTokens = ({ refreshToken, accessToken, code }: TokenShapes): boolean =>
  [refreshToken, accessToken, code].every(({ macBytes }) => macBytes >= STRONG_MAC_BYTES);

/** What a dialect does not let a client have, one sentence each. */
export const faultsOfRules = (
  { name, authorization, appScheme, tokenEndpoints, shapes }: DialectRules,
  clientId: string,
  {
    redirectUris,
    requirePkce,
    profile,
    clientAuthentication,
    wantsBoundTokens,
  }: {
    readonly redirectUris: readonly string[];
    readonly requirePkce: boolean | undefined;
    readonly profile?: unknown;
    readonly clientAuthentication?: unknown;
    readonly wantsBoundTokens: boolean;
  },
): readonly Fault[] => [
  ...redirectUris.flatMap((uri) => {
    const fault = faultOfScheme(uri, appScheme?.(clientId));
    return fault === undefined ? [] : [faultOfUri(uri, fault)];
  }),
  ...(requirePkce === true && !authorization.hasPkce
    ? [`requirePkce must be false: requests of the ${name} dialect have no room for a challenge`]
    : []),
  ...(clientAuthentication === 'private_key_jwt' && !takesAssertions(tokenEndpoints)
    ? [`clientAuthentication must be both: requests of the ${name} dialect have no room for an assertion`]
    : []),
  ...(profile === 'fapi2' && !(authorization.hasPkce && hasStrongTokens(shapes))
    ? [
        `profile must be none: tokens and codes of the ${name} dialect have less than the 128 bits that FAPI 2.0 asks for (§5.4.1): register the client with the dialect oauth`,
      ]
    : []),
  ...(wantsBoundTokens && !Object.values(tokenEndpoints).some(({ bindsTokens }) => bindsTokens === true)
    ? [`senderConstraint must be none, without a profile: the ${name} dialect has no bound tokens`]
    : []),
];
