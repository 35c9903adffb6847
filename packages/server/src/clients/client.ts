import type { Millis } from '../clock.ts';
import type { ClientKeys } from './client-keys.ts';
import type { Policy } from './policy.ts';
import type { ClientProfile } from './profile.ts';
import type { Registration } from './registration.ts';

/**
 * A `public` client is an app that cannot keep a secret: it does not authenticate, must use PKCE, and always rotates with
 * replay detection (RFC 9700 §2.2.2). A `resource-server` may introspect the access tokens for its audience, and gets no
 * tokens.
 */
export const CLIENT_TYPES = ['confidential', 'public', 'resource-server'] as const;
export type ClientType = (typeof CLIENT_TYPES)[number];

/** One of a client's secrets. The secret itself is shown once, when it is made, and is not stored. */
export type ClientSecret = {
  readonly id: string;
  readonly name: string;
  /** SHA-256, 32 bytes. A generated secret has 256 bits, so nothing slower is needed (`docs/decisions/0003-token.md`). */
  readonly digest: Uint8Array;
  readonly createdAtMs: Millis;
  /** `undefined` for a secret that does not expire. */
  readonly expiresAtMs: Millis | undefined;
  /** When it last authenticated its client, to the hour; `undefined` for never. */
  readonly lastUsedAtMs: Millis | undefined;
};

/** A third-party app, as RFC 6749 §2 means a client. */
export type Client = {
  readonly id: string;
  /** The name of the dialect it speaks: one of `dialects/dialects.ts`, or one that a newer version knows. */
  readonly dialect: string;
  readonly type: ClientType;
  readonly name: string;
  /** Where an owner may be sent back to with a code; compared exactly (`redirect-uri.ts`). */
  readonly redirectUris: readonly string[];
  /**
   * Where an owner returns after choosing vehicles, in a dialect that asks for that separately; `undefined` for the
   * first redirect URI.
   */
  readonly consentRedirectUri: string | undefined;
  /** What else owners see of it. Absent for nothing. */
  readonly profile?: ClientProfile;
  readonly policy: Policy;
  /** The public keys by which it authenticates. Absent for none. */
  readonly keys?: ClientKeys;
  /** How it registered itself. Absent where an operator registered it. */
  readonly registration?: Registration;
  readonly createdAtMs: Millis;
  /** A disabled client gets nothing until it is enabled again. Its grants stay. */
  readonly disabledAtMs: Millis | undefined;
  readonly secrets: readonly ClientSecret[];
  /** Whether it has imported refresh tokens, which may have any form. Absent for no. */
  readonly hasImportedTokens?: true;
};

/** Whether there is such a client, and it is enabled. */
export const isEnabled = (client: Client | undefined): client is Client =>
  client !== undefined && client.disabledAtMs === undefined;

/** Whether it is an app on the owner's own machine: what its policy says, or else its type. */
export const isNativeApp = ({ type, policy }: Pick<Client, 'type' | 'policy'>): boolean =>
  policy.nativeApp ?? type === 'public';
