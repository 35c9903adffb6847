import type { Client } from '../clients/client.ts';
import type { RefusalReason } from '../errors.ts';
import type { Dialect } from './dialect.ts';
import type { QueryParameters } from '../wire/query.ts';

/** Which of an owner's vehicles a request is about; `later` where they are chosen by another request. */
export type RequestedVehicles =
  | { readonly when: 'later' }
  | {
      readonly when: 'now';
      readonly isSingle: boolean;
      /** In lower case; `undefined` for every make. */
      readonly make: string | undefined;
      /** In upper case; `undefined` for any. */
      readonly vin: string | undefined;
    };

/** What a client asks an owner for, whatever wire it came on. */
export type AuthorizationRequest = {
  readonly redirectUri: string;
  /** As it was sent, still encoded; `undefined` for none. */
  readonly rawState: string | undefined;
  /** Space separated, each once, in the order in which they were asked for. Empty where the wire knows none. */
  readonly scope: string;
  /** PKCE with S256 (RFC 7636); `undefined` where the client sent none. */
  readonly codeChallenge: string | undefined;
  /** Whether it is about simulated owners and vehicles. */
  readonly isSimulated: boolean;
  readonly brand: string | undefined;
  readonly vehicles: RequestedVehicles;
  /** The language that the client asks for, as it calls it. */
  readonly lang: string | undefined;
};

/** What is wrong with a request of a known client with a registered redirect URI. The texts are constant. */
export type AuthorizationFault = {
  readonly reason: RefusalReason;
  readonly error: string;
  readonly description: string;
};

/** What is added to a redirect URI, in this order; `state` is given back as it came. */
export type RedirectParameters = readonly (readonly [name: string, value: string])[];

/** How a vendor's clients send an owner here, and how the owner is sent back. */
export type AuthorizationWire = {
  readonly dialect: Dialect;
  readonly path: string;
  readonly clientIdName: string;
  readonly redirectUriName: string;
  /** Whether the only registered redirect URI is meant where none is named. */
  readonly isRedirectUriOptional: boolean;
  /** Whether the client is told of its faults at its redirect URI; else the owner is, by a page. */
  readonly tellsFaults: boolean;
  /** Whether the window that opened these pages may be told by the client's page how it ended. */
  readonly keepsOpener: boolean;
  /** Reads everything but the client and its redirect URI, which are known to be good. */
  parse(
    parameters: QueryParameters,
    client: Client,
  ): Omit<AuthorizationRequest, 'redirectUri'> | AuthorizationFault;
  /** `issuer` is who answers (RFC 9207). */
  renderCode(code: string, issuer: string): RedirectParameters;
  renderError(error: string, description: string, issuer: string): RedirectParameters;
};

/** As long as a `state` may be, in characters. */
export const STATE_MAX_CHARACTERS = 2048;

/**
 * Where an owner is sent back to. What is registered stays as it is, a query in it included (RFC 6749 §3.1.2), and the
 * state is written as it was sent.
 */
export const redirectTo = (
  { redirectUri, rawState }: Pick<AuthorizationRequest, 'redirectUri' | 'rawState'>,
  parameters: RedirectParameters,
): string => {
  const fields = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  // Behind the first, which is the code or the error.
  if (rawState !== undefined) fields.splice(1, 0, `state=${rawState}`);
  if (fields.length === 0) return redirectUri;
  const separator = /[?&]$/.test(redirectUri) ? '' : redirectUri.includes('?') ? '&' : '?';
  return `${redirectUri}${separator}${fields.join('&')}`;
};
