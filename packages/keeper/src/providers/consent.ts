/** Where owners consent, and how the code that comes back is exchanged for the first pair. */
export type Consent = {
  /** The authorization endpoint. */
  readonly url: string;
  /** The names of the members of its query; those without a name are not sent. */
  readonly fields: Readonly<Partial<Record<ConsentField, string>>>;
  /** Further members. `{brand}` stands for the grant's parameter of this name. */
  readonly constants: Readonly<Record<string, string>>;
  /** Whether it knows PKCE (RFC 7636). Then a code that somebody else intercepts is worth nothing. */
  readonly pkce: boolean;
  /** The request that exchanges a code. */
  readonly code: {
    /** Missing: the provider's token endpoint. */
    readonly url?: string;
    readonly fields: Readonly<Partial<Record<CodeField, string>>>;
    readonly constants: Readonly<Record<string, string>>;
  };
};

/** The members of an authorization request that providers name differently. */
export type ConsentField = 'responseType' | 'clientId' | 'redirectUri' | 'scope' | 'state';

/** The members of a code exchange that providers name differently. */
export type CodeField = 'grantType' | 'code' | 'redirectUri';

/** What differs from RFC 6749 §4.1; the URL always does. */
export type ConsentDifferences = Pick<Consent, 'url'> &
  Partial<Omit<Consent, 'code'>> & { readonly code?: Partial<Consent['code']> };

/** A consent from what differs from RFC 6749 §4.1. */
export const defineConsent = ({ code, ...differences }: ConsentDifferences): Consent => ({
  fields: {
    responseType: 'response_type',
    clientId: 'client_id',
    redirectUri: 'redirect_uri',
    scope: 'scope',
    state: 'state',
  },
  constants: {},
  pkce: false,
  ...differences,
  code: {
    fields: { grantType: 'grant_type', code: 'code', redirectUri: 'redirect_uri' },
    constants: {},
    ...code,
  },
});
