/** What a client knows of how a call ended. */
export type Outcome =
  /** 200, read to its last byte. */
  | { readonly kind: 'answered'; readonly refreshToken: string; readonly accessToken: string }
  /** 400: the refresh token is dead. */
  | { readonly kind: 'refused' }
  /** 503. */
  | { readonly kind: 'unavailable'; readonly retryAfter: string | undefined }
  /** Sent, and no whole answer came; `status` where at least the head of one did. */
  | { readonly kind: 'lost'; readonly status: number | undefined }
  /** Any other answer; `code` is the wire's own word for what was wrong. */
  | { readonly kind: 'other'; readonly status: number; readonly code: string };

/** One presentation of a refresh token, as its client saw it. Times in milliseconds of a monotonic clock. */
export type Call = {
  readonly startMs: number;
  readonly endMs: number;
  readonly token: string;
  readonly idempotencyKey: string | undefined;
  readonly outcome: Outcome;
};

/** The part of a client's policy that a client can see at work. */
export type VisiblePolicy = {
  readonly rotation: 'strict' | 'overlap' | 'until-used' | 'none';
  readonly overlapSeconds: number;
};
