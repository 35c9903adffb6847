import type { ClientCertificate } from '../clients/client-certificate.ts';
import type { Millis } from '../clock.ts';

/** A request as plain values. Header names are in lower case; a header sent twice is joined by ", ". */
export type WireRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The text after the question mark, as it was sent; empty where there is none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The public URL of the listener that it came to, where that is another than the issuer. */
  readonly baseUrl?: string | undefined;
  /** What its client showed in the TLS handshake, and proved to have the key of. Absent for nothing. */
  readonly certificate?: ClientCertificate | undefined;
};

/** A response as plain values. */
export type WireResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The connection is closed and no byte of the response is sent, as if the network had lost it. */
  readonly dropsConnection?: true;
};

/** What every response carries: the id of its request and the time. */
export type Exchange = {
  /** A UUID. */
  readonly requestId: string;
  /** Integer milliseconds. */
  readonly nowMs: Millis;
};
