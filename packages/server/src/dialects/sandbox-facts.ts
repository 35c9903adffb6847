import type { Exchange, WireResponse } from '../wire/exchange.ts';

/** A client as a program that reaches this server needs it. */
export type SandboxPlace = {
  /** The URL of the server. */
  readonly url: string;
  readonly client: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly redirectUris: readonly string[];
  };
};

/** An error as OAuth 2.0 names it, which a sandbox answers in place of the server. */
export type MadeError = { readonly error: string; readonly description: string };

/** Tokens that a sandbox got for itself. */
export type MadeTokens = {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
};

/** A client that a sandbox makes by itself. */
export type SandboxClient = {
  /** What it does, in one sentence. */
  readonly purpose: string;
  /** What differs from the policy of the dialect. */
  readonly policy?: Readonly<Record<string, unknown>>;
};

/** What a sandbox needs to play the vendor, besides what the server answers by itself. */
export type SandboxFacts = {
  /** What its client with the vendor's own policy does, in one sentence. */
  readonly purpose: string;
  /** The type of its clients; confidential where left out. */
  readonly clientType?: 'public';
  /** Further clients, by what follows the name of the dialect in theirs. */
  readonly variants?: Readonly<Record<string, SandboxClient>>;
  /** The environment variables that programs read, by the name of the program. The first is for code without an SDK of its own. */
  readonly environments: Readonly<Record<string, (place: SandboxPlace) => Readonly<Record<string, string>>>>;
  /** The tokens in a successful answer, parsed; a refresh token is missing where it stays. */
  readonly readTokens: (answer: object) => MadeTokens;
  /** An error in the form of the vendor, without its status. */
  readonly renderError: (error: MadeError, exchange: Exchange) => Pick<WireResponse, 'headers' | 'body'>;
};
