/** What an exchange, or its failure, says. */
export type AnswerClass =
  /** No byte of the token left this machine. */
  | 'not_sent'
  /**
   * 429, or 503 with Retry-After: the provider did not look at the token. With an overlap, such a 503 is `ambiguous`,
   * because there a repeat costs nothing.
   */
  | 'rate_limited'
  /** No answer, or an answer that leaves open whether the token was used. */
  | 'ambiguous'
  /** A pair. */
  | 'usable'
  /** A refresh token, and no access token that can be used: none, an empty one, or one that no header can hold. */
  | 'refresh_only'
  /** A success that holds no pair that can be read. */
  | 'unusable'
  /** The refresh token is dead. */
  | 'grant_rejected'
  /** The owner stopped sharing: dead, and the cause is known. */
  | 'sharing_withdrawn'
  /** The client's id, secret or registration is wrong. */
  | 'client_rejected'
  /** The grant is dead or the client is wrong: this answer alone cannot say. */
  | 'unclear'
  /**
   * A refusal that the provider's profile does not list. A firewall or a gateway before it may have answered, also instead of an
   * answer with a pair: no grant ends by it, and inside an overlap the token is sent again.
   */
  | 'unrecognised'
  /** Our request is wrong. */
  | 'bug';

/** Refusals after which another secret of the client may be the right one. */
export const MAY_BE_CLIENT: ReadonlySet<AnswerClass> = new Set([
  'client_rejected',
  'unclear',
  'unrecognised',
]);

/** What a class means to the token that was sent. */
type Meaning = {
  /** Whether the provider may have used the token up: `maybe` keeps the send open. */
  readonly isSpent: 'no' | 'maybe' | 'yes';
  /** Whether the whole client stops until a canary succeeds. */
  readonly stopsClient: boolean;
};

/**
 * What each class decides about the token and the client; what becomes of the grant is in `decide.ts`. Nothing here
 * deletes a token.
 */
export const MEANINGS: Readonly<Record<AnswerClass, Meaning>> = {
  not_sent: { isSpent: 'no', stopsClient: false },
  rate_limited: { isSpent: 'no', stopsClient: false },
  ambiguous: { isSpent: 'maybe', stopsClient: false },
  usable: { isSpent: 'yes', stopsClient: false },
  refresh_only: { isSpent: 'yes', stopsClient: false },
  unusable: { isSpent: 'maybe', stopsClient: false },
  grant_rejected: { isSpent: 'yes', stopsClient: false },
  sharing_withdrawn: { isSpent: 'yes', stopsClient: false },
  client_rejected: { isSpent: 'no', stopsClient: true },
  unclear: { isSpent: 'no', stopsClient: false },
  unrecognised: { isSpent: 'maybe', stopsClient: false },
  bug: { isSpent: 'no', stopsClient: true },
};
