import type { Millis } from '../clock.ts';

/** How long an owner stays signed in. */
export const SESSION_LIFETIME_SECONDS = 1800;

/** How long a store keeps a session at least: longer than it lives, because clocks differ. */
export const SESSION_KEPT_SECONDS = SESSION_LIFETIME_SECONDS + 3600;

/** A session of an owner who signed in. The browser has the rest of it. */
export type OwnerSession = {
  /** SHA-256 of the session's id and its owner, so that the store holds neither. */
  readonly digest: Uint8Array;
  readonly startedAtMs: Millis;
};

/** The sessions of owners in a store, so that a sign-out ends a session wherever its cookie was copied to. */
export type SessionStore = {
  /** Stores a session, and drops some that started long before it. */
  createSession(session: OwnerSession): Promise<void>;
  /** Whether the session was stored and not ended. */
  hasSession(digest: Uint8Array): Promise<boolean>;
  /** Ends a session; one that is not stored has ended. */
  endSession(digest: Uint8Array): Promise<void>;
};
