import { toMillis, toSeconds } from '../clock.ts';
import type { Millis, Seconds } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { RotationHistory } from './rotation-history.ts';
import type { VehicleData } from './vehicle-data.ts';

/** Why a grant was revoked. */
export const REVOCATION_CAUSES = [
  /** By `keyfob grant revoke`. */
  'operator',
  /** A refresh token was replayed. */
  'replay',
  /** Its authorization code was presented again (RFC 6749 §4.1.2). */
  'code_replay',
  /** By its client (RFC 7009). */
  'client',
  /** By its owner. */
  'owner',
  /** Its last vehicle was disconnected. */
  'disconnected',
] as const;
export type RevocationCause = (typeof REVOCATION_CAUSES)[number];

/** The causes that an operator can undo. What its owner or its client ended opens again only by a new consent. */
export const UNDOABLE_CAUSES = ['operator', 'replay', 'code_replay'] as const satisfies RevocationCause[];

/** Whether an operator can undo it. */
export const isUndoable = ({ cause }: { readonly cause: RevocationCause }): boolean =>
  UNDOABLE_CAUSES.some((one) => one === cause);

/** What an owner allowed one client. It owns all its tokens; they are derived from it and not stored. */
export type Grant = {
  readonly id: GrantId;
  readonly clientId: string;
  /** The vehicle owner, by the platform's own identifier. */
  readonly subject: string;
  /** Space separated, RFC 6749 §3.3. */
  readonly scope: string;
  /** The make that it is bound to, in a dialect that knows brands; `undefined` for every brand. */
  readonly brand: string | undefined;
  readonly createdAtMs: Millis;
  /** Of the current refresh token; the first is 0. */
  readonly generation: number;
  /** The number of the key that sealed the current refresh token. */
  readonly keyNumber: number;
  readonly rotatedAtMs: RotationHistory;
  /** The caller whose refresh issued the current generation; `undefined` before the first refresh. */
  readonly rotatedBy: Caller | undefined;
  /** Digest of the `Idempotency-Key` of the refresh that issued the current generation. */
  readonly useDigest: Uint8Array | undefined;
  readonly revocation: Revocation | undefined;
  /** Where the client asked for vehicle data by name (RFC 9396). Absent for a grant of scopes alone. */
  readonly vehicleData?: VehicleData | undefined;
};

/**
 * A grant without what only the predecessors of its current refresh token are judged by: of `rotatedAtMs` it has the newest
 * moment at least, so it must not be written back. The use of a current token needs no more, so a store reads no more for it.
 */
export type CurrentGrant = Omit<Grant, 'rotatedBy' | 'useDigest'> &
  Partial<Pick<Grant, 'rotatedBy' | 'useDigest'>>;

export type Revocation = {
  readonly atMs: Millis;
  readonly cause: RevocationCause;
};

/** The grant, revoked now. A revocation is not earlier than the token that it ends, whatever the clock shows. */
export const revoked = <Known extends CurrentGrant>(
  grant: Known,
  cause: RevocationCause,
  nowMs: Millis,
): Known => ({
  ...grant,
  revocation: { atMs: Math.max(nowMs, currentIssuedAtMs(grant)), cause },
});

/**
 * From when the lifetimes of a grant and of its first refresh token count: a whole second, as the expiries that tokens and
 * answers carry are whole seconds.
 */
export const beganAt = ({ createdAtMs }: Pick<Grant, 'createdAtMs'>): Seconds => toSeconds(createdAtMs);

/**
 * From when the lifetime of the current refresh token counts. No token is issued before its grant is created, except the
 * first one of an imported grant, which another server issued.
 */
export const currentIssuedAtMs = (
  grant: Pick<Grant, 'generation' | 'rotatedAtMs' | 'createdAtMs'>,
): Millis => {
  const beganAtMs = toMillis(beganAt(grant));
  const rotatedAtMs = grant.rotatedAtMs.at(-1) ?? beganAtMs;
  return grant.generation === 0 ? rotatedAtMs : Math.max(beganAtMs, rotatedAtMs);
};
