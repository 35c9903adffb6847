import type { Millis } from '../time.ts';

/** An answer that is not (or not yet) the grant's pair: as it came, encrypted. */
export type StoredAnswer = {
  readonly id: string;
  readonly grantId: string;
  /** Of the token that was sent. */
  readonly generation: number;
  readonly epoch: number;
  readonly sealed: Uint8Array;
  readonly sentAtMs: Millis;
  readonly receivedAtMs: Millis;
};
