import type { Millis } from '../clock.ts';
import type { Operator } from './operator.ts';
import type { OperatorKey } from './operator-key.ts';

/** The operator keys of one store at most, so that a list of them stays short. */
export const OPERATOR_KEYS_MAX = 200;

/**
 * A sign-in of an operator. `link`: a link that was printed and not used yet; `browser`: a session in a browser.
 */
export type OperatorSession = {
  /** SHA-256 of its secret. */
  readonly digest: Uint8Array;
  readonly kind: 'link' | 'browser';
  readonly operator: Operator;
  readonly startedAtMs: Millis;
  /** Of the last request that was noted. */
  readonly usedAtMs: Millis;
};

/** How long a store keeps what operators' sessions and repeated writes leave, at least: longer than either lasts. */
export const OPERATOR_ROWS_KEPT_SECONDS = 86_400;

/** Operator keys, operators' sessions, and the writes that were asked for, in a store. */
/** A write with an `Idempotency-Key`: the digests of the key, with who writes where, and of the body. */
export type AskedWrite = { readonly digest: Uint8Array; readonly body: Uint8Array };

export type OperatorStore = {
  createOperatorKey(key: OperatorKey): Promise<'created' | 'id_taken' | 'too_many'>;
  /** In the order of creation. */
  listOperatorKeys(): Promise<readonly OperatorKey[]>;
  findOperatorKey(digest: Uint8Array): Promise<OperatorKey | undefined>;
  removeOperatorKey(id: string): Promise<'removed' | 'unknown'>;
  /** Records a use; an unknown key changes nothing. */
  noteOperatorKeyUse(id: string, nowMs: Millis): Promise<void>;
  /** Stores a session, and drops some that started long before it. */
  createOperatorSession(session: OperatorSession): Promise<void>;
  readOperatorSession(digest: Uint8Array): Promise<OperatorSession | undefined>;
  noteOperatorSessionUse(digest: Uint8Array, nowMs: Millis): Promise<void>;
  /** Ends a session. Of several callers at the same moment, one gets `ended`. */
  endOperatorSession(digest: Uint8Array): Promise<'ended' | 'unknown'>;
  /** Ends every session and link; answers how many there were. */
  endOperatorSessions(): Promise<number>;
  /**
   * Remembers that a write was asked for. `seen` where it was asked for before; `other` where its `Idempotency-Key` came with
   * another body before.
   */
  claimWrite(write: AskedWrite, nowMs: Millis): Promise<'new' | 'seen' | 'other'>;
  /** Forgets a write that did not take place. */
  releaseWrite(digest: Uint8Array): Promise<void>;
};
