import type { ClientType } from '../../clients/client.ts';
import type { AuthenticationMethod } from '../../clients/credentials.ts';
import type { Policy } from '../../clients/policy.ts';
import type { Scope } from '../../clients/scopes.ts';
import type { TokenResponse } from '../../grant-types/grant-type.ts';
import type { BodyFormat } from '../../wire/client-form.ts';
import type { Exchange } from '../../wire/exchange.ts';
import type { JsonSchema } from '../../wire/route-description.ts';
import type { Refusal } from '../../errors.ts';
import type { DialectOption, TokenEndpoint } from '../dialect.ts';
import type { RefusalTable } from '../refusal-table.ts';
import type { SandboxFacts } from '../sandbox-facts.ts';
import type { Rules } from './authorize.ts';
import type { ErrorForm } from './error-form.ts';
import type { OAuthAnswer } from './refusals.ts';

/** A vendor's wire that is RFC 6749 with differences, as data. What is left out is as the dialect `oauth` has it. */
export type WireDifferences = {
  readonly name: string;
  readonly title: string;
  /** What it is, in one sentence, for the description of the endpoints. */
  readonly purpose: string;
  /** The types of clients that it has; every one where left out. */
  readonly clientTypes?: readonly ClientType[];
  readonly paths: {
    readonly authorization: string;
    readonly token: string;
    /** Where its devices ask for a code (RFC 8628), where the vendor has its own path. */
    readonly deviceAuthorization?: string;
  };
  readonly pathPrefix: string;
  /** Where the vendor's own examples have the credentials; absent for HTTP Basic. */
  readonly exampleCredentials?: 'body';
  /** How a body may be written; a form where left out. The first is that of the examples. */
  readonly bodies?: readonly [BodyFormat, ...BodyFormat[]];
  /** How clients may authenticate. */
  readonly methods?: readonly AuthenticationMethod[];
  /** The option by which a refresh of a confidential client needs no secret, where the vendor documents such refreshes. */
  readonly refreshSecretOption?: string;
  /** The grant types besides those of a code and of a refresh. */
  readonly moreGrantTypes?: readonly string[];
  /** A grant type that ends a grant, where the wire has one. The answer has no members. */
  readonly ending?: Omit<NonNullable<TokenEndpoint['ending']>, 'renderEnded'>;
  /** Whether the answer to a refresh leaves out a refresh token that stays the same. */
  readonly omitsKeptRefreshToken?: true;
  /** Whether tokens may be bound to what their sender proves. Absent for yes; no where errors are not those of OAuth. */
  readonly bindsTokens?: false;
  /** Parameters of the authorization request besides those of OAuth 2.0. */
  readonly authorizationRules?: Rules;
  readonly scopes?: readonly Scope[];
  /** Scopes that clients send for the sake of the protocol. They permit nothing here, and are ignored. */
  readonly protocolScopes?: readonly string[];
  /** Whether requests name no scope. Then they ask for all that the client's registration allows, which the owner sees. */
  readonly hasNoScopeParameter?: true;
  readonly options?: Readonly<Record<string, DialectOption>>;
  /** The errors that the vendor words differently. */
  readonly refusals?: Partial<RefusalTable<OAuthAnswer>>;
  /** The errors that the client's policy decides about; `undefined` where it decides nothing. */
  readonly chosenRefusals?: {
    choose(refusal: Refusal, policy: Policy | undefined): OAuthAnswer | undefined;
    /** Everything that it may choose for a refusal. */
    choicesOf(refusal: Refusal): readonly OAuthAnswer[];
  };
  /** The form of errors, where it is not that of RFC 6749 §5.2. */
  readonly errorForm?: ErrorForm;
  /** The header with the id of a request; `X-Request-Id` where left out. */
  readonly requestIdHeader?: string;
  /** What follows the description of each error. */
  describeRequest?(exchange: Exchange): string;
  /** Members of an answer besides those of RFC 6749 §5.1, with their schemas. */
  readonly members?: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    write(tokens: TokenResponse, policy: Policy, exchange: Exchange): Readonly<Record<string, unknown>>;
  };
  /** What differs in the policy of a new client from that of plain OAuth 2.0. */
  readonly policy: Pick<Policy, 'accessTokenLifetimeSeconds' | 'refreshTokenLifetimeSeconds' | 'rotation'> &
    Partial<Policy>;
  readonly sandbox: Pick<SandboxFacts, 'purpose' | 'variants' | 'clientType'>;
};
