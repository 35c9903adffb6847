import type { Millis } from '@keyfob/server/grants';

/** How far a request has come. */
export const STAGES = ['arrived', 'committed', 'sending', 'ended'] as const;
export type Stage = (typeof STAGES)[number];

/** What the server decided about a request. */
export const VERDICTS = [
  'rotate',
  'repeat',
  'resync',
  'replay',
  'refuse',
  'redeem',
  /** Something else was stored, such as an owner's consent. */
  'stored',
  'answered',
  /** The request ended before the server had decided, or never reached it. */
  'none',
] as const;
export type JournalVerdict = (typeof VERDICTS)[number];

/** What of the answer reached the client, as far as the sandbox can know: it left the machine's buffers. */
export const DELIVERIES = ['all', 'part', 'none', 'client_gone', 'pending'] as const;

/**
 * One request to a world. No member holds a token, a code or a secret: a token appears as its grant and generation, such
 * as `g1/3`; an access token as `g1 access` with the moment of its issue; another text in its place as `unknown`.
 */
export type JournalEntry = {
  /** From 1, in the order of arrival. */
  readonly number: number;
  /** Counts every change of every entry; `after` of the control API compares with it. */
  readonly sequence: number;
  /** What `sequence` was when it arrived: a request with a smaller `sequence` was over by then. */
  readonly arrivedSequence: number;
  /** Real milliseconds from the creation of the world to its arrival. */
  readonly arrivedRealMs: number;
  readonly stage: Stage;
  /** By the clock of the world. */
  readonly atMs: Millis;
  /** As answers and log events of the server have it. */
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly endpoint: string;
  readonly grantType: string | undefined;
  readonly client: string | undefined;
  readonly grant: string | undefined;
  /** The token that was presented. */
  readonly token: string | undefined;
  readonly sent: SentParts;
  readonly userAgent: string;
  readonly verdict: JournalVerdict;
  /** What the verdict adds: the cause of a repeat, the private reason of a refusal, the gap of a replay. */
  readonly because: string | undefined;
  /** The verdict in a sentence. */
  readonly says: string;
  /** Whether the server has stored something because of it. */
  readonly isCommitted: boolean;
  /** The faults that happened to it, by id. */
  readonly faults: readonly string[];
  readonly answer: JournalAnswer | undefined;
  readonly delivered: (typeof DELIVERIES)[number];
  /** Bytes of the answer that left, its head included, where only a part did. */
  readonly deliveredBytes: number | undefined;
  /** Real milliseconds from its arrival to its end. */
  readonly tookMs: number | undefined;
};

/** How a request was made. A word that may be secret appears as `(hidden)`. */
export type SentParts = {
  /** Where its credentials were. */
  readonly authentication: 'basic' | 'body' | 'bearer' | 'none';
  readonly contentType: string | undefined;
  /** The names of its parameters. */
  readonly parameters: readonly string[];
  readonly scope: string | undefined;
  readonly redirectUri: string | undefined;
};

/** The answer that was made, whether or not it reached the client. */
export type JournalAnswer = {
  readonly status: number;
  /** The tokens in it, by their names. */
  readonly refreshToken: string | undefined;
  readonly accessToken: string | undefined;
  /** The error code on the wire. */
  readonly error: string | undefined;
  /** Of its `Retry-After`, counted from the answer. */
  readonly retryAfterSeconds: number | undefined;
  /** Whether a fault made it or changed it. */
  readonly isMadeUp: boolean;
};
