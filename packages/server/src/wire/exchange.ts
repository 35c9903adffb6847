/** A request as plain values. Header names in lower case; a header sent twice is joined by ", ". */
export type WireRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What stands behind the question mark, as it was sent; empty for none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
};

/** A response as plain values. */
export type WireResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What every response says of itself. */
export type Exchange = {
  /** A UUID. */
  readonly requestId: string;
  /** Integer milliseconds. */
  readonly nowMs: number;
};
