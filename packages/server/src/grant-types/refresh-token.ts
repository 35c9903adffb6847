import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { openRefreshToken } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { findImportedToken } from '../grants/find-imported-token.ts';
import { issueTokens } from '../grants/issue.ts';
import type { Minting, TokenAnswer, TokenShapes } from '../grants/issue.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import type { KeyContext } from '../grants/newer-key.ts';
import type { RefreshResult } from '../grants/grant-store.ts';
import type { Store } from '../grants/store.ts';
import type { UndecidedUses } from '../grants/undecided-uses.ts';
import { digestUse } from '../grants/use-digest.ts';

/** What a refresh works with. */
export type RefreshContext = Minting &
  KeyContext & {
    readonly store: Store;
    readonly undecided: UndecidedUses;
    readonly undecidedCodes: UndecidedUses;
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
  readonly brand: string | undefined;
  readonly idempotencyKey: string | undefined;
};

/**
 * Exchanges a refresh token for a pair: its successor (or, on a repeat, the current one again) and a fresh access
 * token. Resolves only after the store has the rotation on disk. Throws a `Refusal` for a dead token, `StoreError`
 * where the store could not say.
 *
 * @see RFC 6749 §6
 */
export const refresh = async (context: RefreshContext, request: RefreshRequest): Promise<TokenAnswer> => {
  const { store, keyRing } = context;
  const { client, refreshToken } = request;
  const opened = openRefreshToken(keyRing, request.shapes.refreshToken, refreshToken);
  if (opened === 'malformed' || opened === undefined) {
    const imported = await findImportedToken(store, client, refreshToken);
    if (imported !== undefined) return answer(context, request, await present(context, request, imported));
    if (opened === 'malformed') throw reportRefusal(context.emit, request, 'refresh_token_malformed');
    if (await hasNewerKey(context, keyRing)) return refresh(context, request);
    throw reportRefusal(context.emit, request, 'token_undecryptable');
  }
  const used = await present(context, request, opened);
  if (!isOfNoGrant(used) || client.hasImportedTokens !== true) return answer(context, request, used);
  // Of many tokens of the form of ours that are not, a few open to an id, by chance.
  const imported = await findImportedToken(store, client, refreshToken);
  return answer(context, request, imported === undefined ? used : await present(context, request, imported));
};

/** `report` has emitted the log event. */
const REPORTED = { isReported: true };

/** What became of a token that was opened. */
type Used = {
  readonly opened: OpenedRefreshToken;
  readonly result: RefreshResult | 'client_gone';
  /** `undefined` where it gets none. */
  readonly tokens: TokenAnswer | undefined;
};

const present = async (
  context: RefreshContext,
  request: RefreshRequest,
  opened: OpenedRefreshToken,
): Promise<Used> => {
  const nowMs = context.clock();
  const presented = {
    ...opened,
    clientId: request.client.id,
    brand: request.brand,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: context.undecided.has(opened),
  };
  const keyNumber = context.keyRing.newest.number;
  const { caller, requestId } = request;
  let tokens: TokenAnswer | undefined;
  const issue = async ({ verdict, grant, policy }: RefreshResult): Promise<void> => {
    if (verdict.kind === 'refuse' || verdict.kind === 'replay' || grant === undefined) return;
    try {
      tokens = await issueTokens(context, request.shapes, grant, policy, nowMs);
      context.undecided.forget(opened);
    } catch (error) {
      context.undecided.add(opened);
      throw error;
    }
  };
  try {
    const use = { presented, nowMs, keyNumber, caller, requestId };
    const result = await context.store.refresh(use, issue);
    return { opened, result, tokens };
  } catch (error) {
    context.undecided.note(opened, error);
    throw error;
  }
};

const isOfNoGrant = ({ result }: Used): boolean =>
  result !== 'client_gone' && result.verdict.kind === 'refuse' && result.verdict.reason === 'unknown';

const answer = (
  context: RefreshContext,
  request: RefreshRequest,
  { opened, result, tokens }: Used,
): TokenAnswer => {
  if (result === 'client_gone') throw reportRefusal(context.emit, request, 'client_disabled');
  report(context.emit, request, opened, result);
  if (result.verdict.kind === 'refuse') throw new Refusal(result.verdict.reason, [], REPORTED);
  if (tokens === undefined) throw new Refusal('replayed', [], REPORTED);
  return tokens;
};

const reportRefusal = (emit: Emit, request: RefreshRequest, reason: RefusalReason): Refusal => {
  const { dialect, requestId, caller, client } = request;
  emit({ event: 'refresh.refused', dialect, requestId, caller, clientId: client.id, reason });
  return new Refusal(reason, [], REPORTED);
};

const report = (
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
