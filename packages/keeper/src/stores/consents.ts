import type { Millis } from '../time.ts';

/** How the return of an owner ended. Every node that gets the same callback shows it. */
export type ConsentOutcome =
  | 'connected'
  | 'refused'
  /** The code was sent, and no answer came. It is not sent again. */
  | 'unanswered';

/** The state of a consent whose code one process exchanges, or has exchanged. It names no car and no code. */
export type ClaimedConsent = {
  /** Whether the code may have left. */
  readonly isSent: boolean;
  /** Who works at it answers until then, or has ended. */
  readonly leaseUntilMs: Millis;
  /** `undefined` while it is not known. */
  readonly outcome: ConsentOutcome | undefined;
  readonly code: string;
};

/** Which consent, and who works at it. `digest` is the SHA-256 of the state; `owner` is new with every claim. */
export type ConsentHold = { readonly digest: Uint8Array; readonly owner: string };

/** What nodes share about owners who come back: a code is sent by one of them, once. */
export type ConsentVerbs = {
  /**
   * Takes the right to exchange the code of a consent, where nobody has it, or its holder has ended without sending. The row is
   * kept for `keepMs`. Returns it, and whether it was taken; `undefined` where `rowsMax` of them are kept already.
   */
  claimConsent(
    hold: ConsentHold & { readonly leaseMs: Millis; readonly keepMs: Millis; readonly rowsMax: number },
  ): Promise<{ readonly isTaken: boolean; readonly consent: ClaimedConsent } | undefined>;
  /** The consent of a digest; `undefined` where nobody has it. */
  readConsent(digest: Uint8Array): Promise<ClaimedConsent | undefined>;
  /** Notes that the code is sent, before its first byte leaves. Returns false where another process holds the consent. */
  noteConsentSent(hold: ConsentHold, leaseMs: Millis): Promise<boolean>;
  /** Notes how it ended. A first pair that is put with `consent` does that itself. */
  endConsent(hold: ConsentHold, outcome: ConsentOutcome, code: string): Promise<void>;
  /** Gives the right back: the code was certainly not used, and may be sent again. */
  releaseConsent(hold: ConsentHold): Promise<void>;
};
