import type { Policy } from './policy.ts';

/** The vendors whose wire a client speaks. */
export const DIALECT_NAMES = ['smartcar', 'pleos'] as const;
export type DialectName = (typeof DIALECT_NAMES)[number];

/** One of a client's secrets. The secret itself is shown once, when it is made, and kept by nobody here. */
export type ClientSecret = {
  readonly id: string;
  readonly name: string;
  /** SHA-256, 32 bytes. A generated secret has 256 bits, so nothing slower is needed (`docs/decisions/0003-token.md`). */
  readonly digest: Uint8Array;
  /** Integer seconds. */
  readonly createdAt: number;
  /** Integer seconds; `undefined` for a secret without end. */
  readonly expiresAt: number | undefined;
};

/** A third-party app, as RFC 6749 §2 means a client. */
export type Client = {
  readonly id: string;
  readonly dialect: DialectName;
  readonly name: string;
  readonly policy: Policy;
  /** Integer seconds. */
  readonly createdAt: number;
  /** Integer seconds; a disabled client gets nothing until it is enabled again. Its grants stay. */
  readonly disabledAt: number | undefined;
  readonly secrets: readonly ClientSecret[];
};
