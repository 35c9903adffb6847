import type { Client } from '../clients/client.ts';
import type { Seconds, TimeContext } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { OAuthError, RefusalReason } from '../errors.ts';
import type { Eventual } from '../eventual.ts';
import type { TokenIssuer, TokenShapes } from '../grants/issue.ts';
import type { KeyContext } from '../grants/newer-key.ts';
import type { Store } from '../grants/store.ts';
import type { UndecidedUses } from '../grants/undecided-uses.ts';
import type { VehicleDataDetail } from '../grants/vehicle-data.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Binding } from '../tokens/binding.ts';
import type { TokenBatches } from './token-batches.ts';

/** What grant types work with. */
export type GrantTypeContext = TokenIssuer &
  KeyContext &
  TimeContext & {
    readonly store: Store;
    readonly issuer: string;
    readonly undecidedRefreshes: UndecidedUses;
    readonly undecidedCodes: UndecidedUses;
    readonly batches: TokenBatches;
    readonly emit: Emit;
  };

/** A request of an authenticated client, its parameters checked. */
export type GrantRequest<Values = ParameterValues> = {
  readonly dialect: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly client: Client;
  /** Of the client's dialect. */
  readonly shapes: TokenShapes;
  readonly parameters: Values;
  readonly brand: string | undefined;
  /** What its sender has proved, and access tokens are bound to. Absent for tokens that any bearer may use. */
  readonly binding?: Binding | undefined;
  readonly idempotencyKey: string | undefined;
};

/** What a client gets. Times in integer seconds. @see RFC 6749 §5.1 */
export type TokenResponse = {
  readonly accessToken: string;
  readonly expiresInSeconds: Seconds;
  /** Absent where the grant type has none. */
  readonly refreshToken?: string;
  readonly refreshExpiresInSeconds?: Seconds;
  /** Space separated; absent where it is what the client asked for. */
  readonly scope?: string;
  /** The owner of the grant; absent where there is none. Wires whose answers name an owner write it. */
  readonly subject?: string;
  /** How the access token is sent. Absent for Bearer. @see RFC 9449 §5 */
  readonly tokenType?: 'DPoP';
  /** What the access token is for, where that is vehicle data. @see RFC 9396 §7 */
  readonly details?: readonly VehicleDataDetail[];
};

/** One parameter of a grant type. */
export type Parameter = {
  /** As its RFC names it. */
  readonly name: string;
  /** What it is, in one sentence, for the description of the endpoints. */
  readonly purpose: string;
  /** Why a request without it is refused: `parameter_missing`, unless it has its own. Absent for an optional parameter. */
  readonly missing?: RefusalReason;
  /** Whether some dialects let clients omit it (`TokenEndpoint.omittable`). */
  readonly isOmittable?: true;
  /** How its form is checked, and why a request that fails the check is refused. */
  readonly form?: {
    isValid(value: string, shapes: TokenShapes): boolean;
    readonly otherwise: RefusalReason;
  };
  /** Why `handle` refuses a value of the right form, for the description of the endpoints. */
  readonly refusals?: readonly RefusalReason[];
};

type ParameterValues = Readonly<Record<string, string | undefined>>;

/** The values of these parameters, by name: those of required ones are always there. */
type ValuesOf<Parameters extends readonly Parameter[]> = {
  readonly [One in Parameters[number] as One['name']]: One extends { readonly isOmittable: true }
    ? string | undefined
    : One extends { readonly missing: RefusalReason }
      ? string
      : string | undefined;
};

/** What the description of the endpoints says of a grant type. */
export type GrantTypeDescription = {
  readonly givesRefreshToken: boolean;
  /** Why `handle` refuses, besides the reasons of its parameters and clients that may not ask at all. */
  readonly refusals: readonly RefusalReason[];
  /** What a refusal for `grant_type_specific` says. */
  readonly ownErrors?: readonly OAuthError[];
};

/**
 * A way to get tokens. A new one is a file with one such object, and an entry in `grant-types.ts`. Its own errors are
 * refusals for `grant_type_specific` with an `oauthError`.
 */
export type GrantType = {
  /** The value of `grant_type`. */
  readonly grantType: string;
  readonly description: GrantTypeDescription;
  readonly parameters: readonly Parameter[];
  /** Issues the tokens. Fails with a `Refusal`, or with `StoreError` if the store fails. */
  handle(context: GrantTypeContext, request: GrantRequest): Eventual<TokenResponse>;
};

/** Lets `handle` see which parameters there are. */
export const defineGrantType = <const Parameters extends readonly Parameter[]>(grantType: {
  readonly grantType: string;
  readonly description: GrantTypeDescription;
  readonly parameters: Parameters;
  handle(context: GrantTypeContext, request: GrantRequest<ValuesOf<Parameters>>): Eventual<TokenResponse>;
}): GrantType => grantType;

/** The values of a grant type's parameters. Throws a `Refusal` for the first one that is missing or malformed. */
export const readParameters = (
  { parameters }: GrantType,
  sent: ReadonlyMap<string, string>,
  shapes: TokenShapes,
  omittable: readonly string[] = [],
): ParameterValues => {
  const values: Record<string, string | undefined> = {};
  for (const { name, missing, form } of parameters) {
    const value = sent.get(name);
    if (value === undefined && missing !== undefined && !omittable.includes(name))
      throw new Refusal(missing, [], { oauthError: errorOfMissing(name) });
    if (value !== undefined && form !== undefined && !form.isValid(value, shapes))
      throw new Refusal(form.otherwise);
    values[name] = value;
  }
  return values;
};

const errorOfMissing = (name: string): OAuthError => ({
  error: 'invalid_request',
  description: `Missing required parameter: ${name}.`,
});
