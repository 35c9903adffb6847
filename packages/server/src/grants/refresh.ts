import { hash } from 'node:crypto';
import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../events.ts';
import { sealAccessToken } from '../tokens/access-token.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { openRefreshToken, sealRefreshToken } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { Shape } from '../tokens/shape.ts';
import { currentIssuedAtMs } from './grant.ts';
import type { Brand, Grant } from './grant.ts';
import type { RefreshResult, Store } from './store.ts';
import type { UndecidedUses } from './undecided-uses.ts';

/** How a dialect writes its tokens. */
export type TokenShapes = { readonly refreshToken: Shape; readonly accessToken: Shape };

/** What tokens are made with. */
export type Minting = {
  readonly keyRing: KeyRing;
  /** Counts from 0 to `SERIAL_MAX` and round again: two access tokens of one grant and second differ by it. */
  readonly nextSerial: () => number;
};

/** What a refresh works with. */
export type RefreshContext = Minting & {
  readonly store: Store;
  /** Whether the store knows of a newer key than the ring holds, so that a token may be good and yet not open. */
  readonly isKeyMissing: boolean;
  readonly undecided: UndecidedUses;
  readonly clock: Clock;
  readonly emit: Emit;
};

/** A refresh asked for by an authenticated client. */
export type RefreshRequest = {
  readonly dialect: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly client: Client;
  readonly shapes: TokenShapes;
  readonly refreshToken: string;
  readonly brand: Brand | undefined;
  readonly idempotencyKey: string | undefined;
};

/** The pair of tokens a client gets. Times in integer seconds. */
export type TokenAnswer = {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: number;
};

const USE_DIGEST_BYTES = 16;

/**
 * Exchanges a refresh token for a pair: its successor (or, on a repeat, the current one again) and a fresh access
 * token. Resolves only after the store has the rotation on disk. Throws a `Refusal` for a dead token, `StoreError`
 * where the store could not say.
 *
 * @see RFC 6749 §6
 */
export const refresh = async (context: RefreshContext, request: RefreshRequest): Promise<TokenAnswer> => {
  const opened = openRefreshToken(context.keyRing, request.shapes.refreshToken, request.refreshToken);
  if (opened === 'malformed') throw tellRefusal(context.emit, request, 'refresh_token_malformed');
  if (opened === undefined) {
    if (context.isKeyMissing)
      throw new StoreError('unavailable', 'the key ring lacks a key that the store knows of');
    throw tellRefusal(context.emit, request, 'token_unopened');
  }
  const nowMs = context.clock();
  const presented = {
    ...opened,
    clientId: request.client.id,
    brand: request.brand,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: context.undecided.has(opened),
  };
  const result = await context.undecided.watch(opened, () =>
    context.store.refresh({
      presented,
      nowMs,
      keyNumber: context.keyRing.newest.number,
      caller: request.caller,
    }),
  );
  if (result === 'client_gone') throw tellRefusal(context.emit, request, 'client_disabled');
  tell(context.emit, request, opened, result);
  if (result.verdict.kind === 'refuse') throw new Refusal(result.verdict.reason);
  if (result.verdict.kind === 'replay' || result.grant === undefined) throw new Refusal('replayed');
  context.undecided.forget(opened);
  return issueTokens(context, request.shapes, result.grant, result.policy, nowMs);
};

const digestUse = (idempotencyKey: string | undefined): Buffer | undefined =>
  idempotencyKey === undefined
    ? undefined
    : hash('sha256', idempotencyKey, 'buffer').subarray(0, USE_DIGEST_BYTES);

const tellRefusal = (emit: Emit, request: RefreshRequest, reason: RefusalReason): Refusal => {
  const { dialect, requestId, caller, client } = request;
  emit({ event: 'refresh.refused', dialect, requestId, caller, clientId: client.id, reason });
  return new Refusal(reason);
};

/** The grant's current refresh token with a fresh access token. Throws `StoreError` where the ring lacks its key. */
export const issueTokens = (
  minting: Minting,
  shapes: TokenShapes,
  grant: Grant,
  policy: { readonly accessTokenLifetimeSeconds: number; readonly refreshTokenLifetimeSeconds: number },
  nowMs: number,
): TokenAnswer => {
  const key = minting.keyRing.find(grant.keyNumber);
  if (key === undefined) throw new StoreError('unavailable', `the key ring lacks key ${grant.keyNumber}`);
  const issuedAt = toSeconds(nowMs);
  return {
    accessToken: sealAccessToken(minting.keyRing.newest, shapes.accessToken, {
      grantId: grant.id,
      issuedAt,
      serial: minting.nextSerial(),
    }),
    expiresInSeconds: policy.accessTokenLifetimeSeconds,
    refreshToken: sealRefreshToken(key, shapes.refreshToken, grant.id, grant.generation),
    refreshExpiresInSeconds:
      toSeconds(currentIssuedAtMs(grant)) + policy.refreshTokenLifetimeSeconds - issuedAt,
  };
};

const tell = (
  emit: Emit,
  request: RefreshRequest,
  opened: OpenedRefreshToken,
  result: RefreshResult,
): void => {
  const { dialect, requestId, caller } = request;
  const { verdict } = result;
  const grantId = writeGrantId(opened.grantId);
  const use = {
    dialect,
    requestId,
    caller,
    clientId: request.client.id,
    grantId,
    generation: opened.generation,
  };
  switch (verdict.kind) {
    case 'rotate':
      return emit({ event: 'refresh.rotated', ...use });
    case 'repeat':
      return emit({ event: 'refresh.repeated', ...use, cause: verdict.cause });
    case 'resync':
      return emit({ event: 'refresh.resynced', ...use, lostGenerations: verdict.lost });
    case 'refuse':
      return emit({ event: 'refresh.refused', ...use, reason: verdict.reason });
    case 'replay': {
      const { gap, response } = verdict;
      const { sinceRotationMs, rotatedBy, looksLike = 'theft' } = result.replay ?? {};
      emit({ event: 'refresh.replayed', ...use, gap, response, sinceRotationMs, rotatedBy, looksLike });
      if (response === 'revoke')
        emit({ event: 'grant.revoked', requestId, grantId, clientId: use.clientId, cause: 'replay' });
    }
  }
};
