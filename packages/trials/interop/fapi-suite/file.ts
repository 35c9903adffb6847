import type { JsonWebKey } from 'node:crypto';
import { Agent, fetch as fetchBy } from 'undici';
import type { RequestInit as UndiciInit } from 'undici';
import type { Visit } from './browser.ts';

type Certificate = { readonly cert: string; readonly key: string };
type Jwk = JsonWebKey & { readonly kid: string; readonly alg: 'PS256' | 'ES256' };
export type SuiteClient = {
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly scope: string;
  readonly dpop_signing_alg: string;
  readonly jwks: { readonly keys: readonly [Jwk] };
};
/** A file of the demo, which is the configuration of a suite. */
export type Suite = {
  readonly server: { readonly discoveryUrl: string };
  readonly resource: { readonly resourceUrl: string };
  readonly client: SuiteClient;
  readonly client2: SuiteClient;
  readonly mtls: Certificate;
  readonly mtls2: Certificate;
  readonly browser: readonly Visit[];
  readonly override: Readonly<Record<string, { readonly browser: readonly Visit[] }>>;
};

/** A fetch over TLS that trusts the demo, and shows a certificate if it has one. */
export const fetchOver = (ca: string, certificate?: Certificate): typeof fetch => {
  const dispatcher = new Agent({ connect: { ca, ...certificate } });
  return ((url: string, init: UndiciInit) =>
    fetchBy(url, { ...init, dispatcher })) as unknown as typeof fetch;
};
