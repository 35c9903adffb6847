import type { AuthorizationWire } from './authorization.ts';
import type { SandboxFacts } from './sandbox-facts.ts';
import type { SelectionLinks, VehicleSelectionWire } from './vehicle-selection.ts';
import type { ClientType } from '../clients/client.ts';
import type { AuthenticationMethod, Credentials } from '../clients/credentials.ts';
import type { Policy } from '../clients/policy.ts';
import type { Scope } from '../clients/scopes.ts';
import type { Refusal } from '../errors.ts';
import type { TokenResponse } from '../grant-types/grant-type.ts';
import type { TokenShapes } from '../grants/issue.ts';
import type { Access } from '../grants/judge-access.ts';
import type { AccessContext } from '../grants/read-access.ts';
import type { Caller } from '../log-event.ts';
import type { WebhookFormat } from '../outbox/webhook-format.ts';
import type { BodyFormat } from '../wire/client-form.ts';
import type { Exchange, WireRequest, WireResponse } from '../wire/exchange.ts';
import type { WireDescription } from '../wire/route-description.ts';
import type { RouteGroup } from '../wire/route.ts';

/** A token request as its endpoint read it. */
export type TokenRequest = {
  /** The ways to read the client's credentials; the first that fits counts. */
  readonly credentials: readonly Credentials[];
  readonly grantType: string | undefined;
  /** By the names of the RFCs, whatever the wire calls them. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly brand: string | undefined;
  readonly idempotencyKey: string | undefined;
};

/** A token endpoint. */
export type TokenEndpoint = {
  /** How clients may authenticate. */
  readonly methods: readonly AuthenticationMethod[];
  /** How a body may be written, where it is not always a form. */
  readonly bodies?: readonly BodyFormat[];
  /** Whether the endpoint serves a grant type. */
  serves(grantType: string): boolean;
  /** Parameters that clients may omit here although their grant type requires them elsewhere. */
  readonly omittable?: readonly string[];
  /** Whether it serves the clients of every dialect, without the rules of their vendors. */
  readonly isShared?: true;
  /** Whether it serves the clients of every dialect where they ask for this grant type, as metadata promises them. */
  servesEveryDialect?(grantType: string): boolean;
  /** A grant type that issues nothing and ends the grant of an access token. It is no grant type of an RFC. */
  readonly ending?: {
    /** The value of `grant_type`. */
    readonly grantType: string;
    /** The parameter with the access token. */
    readonly tokenParameter: string;
    renderEnded(exchange: Exchange): WireResponse;
  };
  /** Whether the answer to a refresh leaves out a refresh token that stays the same. */
  readonly omitsKeptRefreshToken?: true;
  /** Whether a request may carry what its tokens are to be bound to: a proof of possession or a certificate. */
  readonly bindsTokens?: boolean;
  /** Reads a request. Throws a `Refusal`. */
  parse(request: WireRequest): TokenRequest;
};

/** The credentials in an example. */
export type ExampleClient = { readonly clientId: string; readonly clientSecret: string };

/** Where an example has the credentials of its client. */
export type ExampleCredentials = 'header' | 'body';

/** An authorization code in an example. */
export type ExampleCode = { readonly code: string; readonly redirectUri: string };

/** A `POST` in an example, without the headers that every request has. */
export type ExampleRequest = Pick<WireRequest, 'path'> & {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What commands and the demo show so that people can try the dialect. */
export type DialectExamples = {
  /** The scope of the demo grant. */
  readonly demoScope: string;
  /** The path and query that send an owner to consent. */
  authorizationTarget(client: { readonly clientId: string; readonly redirectUri: string }): string;
  /** The same for the demo client: simulated vehicles, and every permission that is worth showing. */
  demoAuthorizationTarget(client: { readonly clientId: string; readonly redirectUri: string }): string;
  /** A shell command that refreshes. `refreshToken` is shell text for a word in double quotes. */
  refreshCommand(url: string, client: ExampleClient, refreshToken: string): string;
  /** A shell command that exchanges a code. The secret is shell text for a word in double quotes. */
  exchangeCommand(url: string, client: ExampleClient, code: ExampleCode): string;
  /** The same exchange as a request. */
  exchangeRequest(client: ExampleClient, code: ExampleCode): ExampleRequest;
  /** A refresh as a request. */
  refreshRequest(
    client: ExampleClient,
    use: { readonly refreshToken: string; readonly brand?: string | undefined },
  ): ExampleRequest;
};

/** An option of a client that only one dialect has. Its value is one of a few words. */
export type DialectOption = {
  readonly choices: readonly string[];
  /** What it does, for the help of commands. */
  readonly help: string;
};

/** A text for owners, in every language of their pages. */
export type OwnersText = { readonly en: string; readonly ko: string };

/** One vendor's wire format and rules. A vendor is one such value, and a branch nowhere else. */
export type Dialect = {
  readonly name: string;
  /** The vendor's name as people write it. */
  readonly title: string;
  /** The types of clients that its wire has room for. */
  readonly clientTypes: readonly ClientType[];
  /** The brands that a grant may be bound to, in lower case. Empty where the dialect has none. */
  readonly brands: readonly string[];
  /** Options that a client of this dialect has besides its policy's fields, by name (`Policy.dialectOptions`). */
  readonly options?: Readonly<Record<string, DialectOption>>;
  /** The scheme that the vendor documents for the redirect URIs of a client's own apps, without its colon. */
  readonly appScheme?: (clientId: string) => string;
  /** Scopes that clients send for the sake of the protocol. They permit nothing here, and are ignored. */
  readonly protocolScopes?: readonly string[];
  /** Where its devices ask for a code (RFC 8628), besides the endpoint that metadata names. */
  readonly deviceAuthorizationPath?: string;
  /** The scopes that the vendor documents. Empty where the wire has none. */
  readonly scopes: readonly Scope[];
  readonly examples: DialectExamples;
  readonly sandbox: SandboxFacts;
  readonly authorization: AuthorizationWire;
  /** What every client sees of shared vehicles where requests name no permissions, in words for owners. */
  readonly sharedData?: readonly OwnersText[];
  readonly createRoutes?: CreateRoutes;
  /** Describes its endpoints for `/openapi.json`: every one that is for programs, and where they send owners. */
  readonly describe: (dialect: Dialect) => WireDescription;
  /** Absent where owners choose vehicles when they consent. */
  readonly vehicleSelection?: VehicleSelectionWire;
  /** The vendor's own format of webhooks. */
  readonly webhookFormat?: WebhookFormat;
  /** Every path below it is the dialect's, endpoint or not. */
  readonly pathPrefix: string;
  /** By path. */
  readonly tokenEndpoints: Readonly<Record<string, TokenEndpoint>>;
  readonly shapes: TokenShapes;
  /** What a new client of this dialect starts with. */
  readonly defaultPolicy: Policy;
  renderAnswer(answer: TokenResponse, policy: Policy, exchange: Exchange): WireResponse;
  /** `policy` is that of the client, `undefined` where the client is not known yet. */
  renderRefusal(refusal: Refusal, policy: Policy | undefined, exchange: Exchange): WireResponse;
};

/** What the routes of a dialect's API do besides reading. */
export type RouteActions = {
  readonly selectionLinks: SelectionLinks;
  /**
   * Removes vehicles, by id, from a grant; with `endsWhenEmpty` a grant without vehicles is revoked. Answers `unknown`
   * where the grant does not cover any of them. Throws `StoreError`.
   */
  readonly disconnectVehicles: (
    access: Access,
    vehicleIds: readonly string[],
    options: Pick<Exchange, 'requestId'> & { readonly caller: Caller; readonly endsWhenEmpty: boolean },
  ) => Promise<'disconnected' | 'unknown'>;
};

/** Creates the routes of a dialect's API: what it serves besides tokens and pages. */
export type CreateRoutes = (
  context: AccessContext,
  dialect: Pick<Dialect, 'name' | 'shapes'>,
  actions: RouteActions,
) => RouteGroup;

/** After how many seconds a client may try again if the store or the server could not serve it. */
export const RETRY_AFTER_SECONDS = 2;

/** The headers of an answer, with those that the refusal itself brings, such as its own `Retry-After`. */
export const withRefusalHeaders = (
  { retryAfterSeconds, headers: own }: Refusal,
  headers: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined => {
  if (retryAfterSeconds === undefined && own === undefined) return headers;
  const retryAfter = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  return { ...headers, ...own, ...retryAfter };
};
