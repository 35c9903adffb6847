/** The result of a call, as its client knows it. */
export type Outcome =
  /** A complete response with 200. */
  | { readonly kind: 'answered'; readonly refreshToken: string; readonly accessToken: string }
  /** 400: the refresh token is dead. */
  | { readonly kind: 'refused' }
  /** 503. */
  | { readonly kind: 'unavailable'; readonly retryAfter: string | undefined }
  /** Sent without a complete response; `status` if at least the headers arrived. */
  | { readonly kind: 'lost'; readonly status: number | undefined }
  /** Any other response. `code`: the error code in the wire format. */
  | { readonly kind: 'other'; readonly status: number; readonly code: string };

/** One presentation of a refresh token, as its client observed it. Times are milliseconds of a monotonic clock. */
export type Call = {
  readonly startMs: number;
  readonly endMs: number;
  readonly token: string;
  readonly idempotencyKey: string | undefined;
  readonly outcome: Outcome;
};

/** The part of a policy whose effects a client can observe. */
export type VisiblePolicy = {
  readonly rotation: 'strict' | 'overlap' | 'until-used' | 'none';
  readonly overlapSeconds: number;
};
