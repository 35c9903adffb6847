import type { Client } from '../clients/client.ts';
import type { ClientReason, RefusalReason } from '../errors.ts';
import type { VehicleData } from '../grants/vehicle-data.ts';
import type { QueryParameters } from '../wire/query.ts';

/** Which of an owner's vehicles a request is about; `later` if the owner chooses them on another page, after consent. */
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
  /** Whether the request named it; else it is the only registered one. */
  readonly isRedirectUriNamed: boolean;
  /** The `state` as it was sent, still encoded; `undefined` for none. */
  readonly rawState: string | undefined;
  /** Space separated, each once, in the order of the request. Empty where the dialect has no scopes. */
  readonly scope: string;
  /** PKCE with S256 (RFC 7636); `undefined` where the client sent none. */
  readonly codeChallenge: string | undefined;
  /** The thumbprint of the key that the code is to be bound to (`dpop_jkt`, RFC 9449 §10). Absent for none. */
  readonly keyThumbprint?: string | undefined;
  /** Whether it is about simulated owners and vehicles. */
  readonly isSimulated: boolean;
  readonly brand: string | undefined;
  readonly vehicles: RequestedVehicles;
  /** The vehicle data that the client asks for by name (RFC 9396). Absent for none. Its scopes are among `scope`. */
  readonly vehicleData?: VehicleData;
  /** The language that the client asks for, as it names it. */
  readonly lang: string | undefined;
};

/** What is wrong with a request of a known client with a registered redirect URI. Constant texts. */
export type AuthorizationFault = {
  readonly reason: Exclude<RefusalReason, ClientReason>;
  readonly error: string;
  readonly description: string;
};

/** What is added to a redirect URI, in this order; `state` is added unchanged. */
export type RedirectParameters = readonly (readonly [name: string, value: string])[];

/** How an owner ends a request without a grant. */
export type Denial = 'decline' | 'no_vehicles';

/** How a dialect's clients send an owner here, and how the owner is sent back. */
export type AuthorizationWire = {
  readonly path: string;
  readonly clientIdName: string;
  readonly redirectUriName: string;
  /** Whether a request without a redirect URI means the only registered one. */
  readonly isRedirectUriOptional: boolean;
  /** Whether the client learns of its faults at its redirect URI; otherwise the owner sees them on a page. */
  readonly redirectsFaults: boolean;
  /** The parameter that names whom the client's tokens will be for (RFC 8707); absent in a dialect without it. */
  readonly resourceName?: string;
  /** The parameter with authorization details (RFC 9396); absent in a dialect without it. */
  readonly detailsName?: string;
  /** Whether its requests have room for a PKCE challenge (RFC 7636). */
  readonly hasPkce: boolean;
  /** Whether the client's page may send a message to the window that opened these pages. */
  readonly keepsOpener: boolean;
  /** Reads everything but the client and its redirect URI, which are already checked. */
  parse(
    parameters: QueryParameters,
    client: Client,
  ): Omit<AuthorizationRequest, 'redirectUri' | 'isRedirectUriNamed'> | AuthorizationFault;
  /** What the client learns of an owner who does not consent. */
  readonly denials: Readonly<Record<Denial, { readonly error: string; readonly description: string }>>;
  /** `issuer` identifies this server (RFC 9207). */
  renderCode(code: string, issuer: string): RedirectParameters;
  renderError(error: string, description: string, issuer: string): RedirectParameters;
};

/** A name that is safe to repeat in an error: it cannot contain a secret, markup or words. */
const PLAIN_NAME = /^[A-Za-z_]{1,32}$/;

/** Describes a parameter that was sent twice. */
export const describeRepeated = (name: string): string =>
  `${PLAIN_NAME.test(name) ? name : 'A parameter'} was sent more than once.`;

/** The longest `state`. */
export const STATE_MAX_CHARACTERS = 2048;

/**
 * The URL that sends an owner back. The redirect URI stays as it is registered, its query included (RFC 6749 §3.1.2), and
 * the state as it was sent.
 */
export const redirectTo = (
  { redirectUri, rawState }: Pick<AuthorizationRequest, 'redirectUri' | 'rawState'>,
  parameters: RedirectParameters,
): string => {
  const fields = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  // After the first, which is the code or the error.
  if (rawState !== undefined) fields.splice(1, 0, `state=${rawState}`);
  if (fields.length === 0) return redirectUri;
  const separator = /[?&]$/.test(redirectUri) ? '' : redirectUri.includes('?') ? '&' : '?';
  return `${redirectUri}${separator}${fields.join('&')}`;
};
