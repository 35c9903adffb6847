import type { Client } from '../clients/client.ts';
import type { Policy } from '../clients/policy.ts';
import { Refusal } from '../errors.ts';
import type { DeadTokenReason, RefusalReason } from '../errors.ts';
import type { Caller } from '../log-event.ts';
import { openCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Grant } from '../grants/grant.ts';
import { issueTokens } from '../grants/issue.ts';
import type { TokenAnswer, TokenShapes } from '../grants/issue.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import type { RefreshContext } from './refresh-token.ts';
import { standingOf } from '../grants/standing.ts';
import type { CodeResult } from '../grants/code-store.ts';
import { digestUse } from '../grants/use-digest.ts';

/** An exchange asked for by an authenticated client. */
export type RedeemRequest = {
  readonly dialect: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly client: Client;
  readonly shapes: TokenShapes;
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string | undefined;
  readonly brand: string | undefined;
  readonly idempotencyKey: string | undefined;
};

/** A code is used once, so of its uses there is one that can be undecided. */
const ONLY_USE = 0;

/**
 * Exchanges an authorization code for the first pair of tokens of the grant that it stands for. Resolves only after the
 * store has the grant on disk. Throws a `Refusal` for a dead code, `StoreError` where the store could not say.
 *
 * @see RFC 6749 §4.1.3
 */
export const redeem = async (context: RefreshContext, request: RedeemRequest): Promise<TokenAnswer> => {
  const { client, caller, requestId, redirectUri, codeVerifier, brand } = request;
  const { keyRing } = context;
  const opened = openCode(keyRing, request.shapes.code, request.code);
  if (opened === 'malformed') throw reportRefusal(context, request, 'code_malformed');
  if (opened === undefined) {
    if (await hasNewerKey(context, keyRing)) return redeem(context, request);
    throw reportRefusal(context, request, 'code_unknown');
  }
  if (client.type === 'public' && codeVerifier === undefined)
    throw reportRefusal(context, request, 'code_verifier_wrong');
  const use = { grantId: opened.grantId, generation: ONLY_USE };
  const presented = {
    ...opened,
    clientId: client.id,
    brand,
    redirectUri,
    codeVerifier,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: context.undecidedCodes.has(use),
  };
  const nowMs = context.clock();
  const keyNumber = context.keyRing.newest.number;
  let tokens: TokenAnswer | undefined;
  const issue = async ({ verdict, grant, policy }: CodeResult): Promise<void> => {
    if (verdict.kind === 'refuse' || verdict.kind === 'replay' || grant === undefined) return;
    if (faultOf(grant, policy, nowMs) !== undefined) return;
    try {
      tokens = await issueTokens(context, request.shapes, grant, policy, nowMs);
      context.undecidedCodes.forget(use);
    } catch (error) {
      context.undecidedCodes.add(use);
      throw error;
    }
  };
  let result;
  try {
    result = await context.store.redeemCode({ presented, nowMs, keyNumber, caller, requestId }, issue);
  } catch (error) {
    context.undecidedCodes.note(use, error);
    throw error;
  }
  if (result === 'client_gone') throw reportRefusal(context, request, 'client_disabled');
  report(context, request, opened.grantId, result, nowMs);
  if (tokens === undefined) throw new Refusal('code_unknown', [], REPORTED);
  return tokens;
};

/** Every refusal below has its own log event. */
const REPORTED = { isReported: true };

const reportRefusal = ({ emit }: RefreshContext, request: RedeemRequest, reason: RefusalReason): Refusal => {
  const { dialect, requestId, caller, client } = request;
  emit({ event: 'code.refused', dialect, requestId, caller, clientId: client.id, reason });
  return new Refusal(reason, [], REPORTED);
};

/** Reports what became of the code. Throws the refusal where it gets no tokens. */
const report = (
  { emit }: RefreshContext,
  { dialect, requestId, caller, client }: RedeemRequest,
  id: GrantId,
  { verdict, grant, policy, hasRevoked }: CodeResult,
  nowMs: number,
): void => {
  const grantId = writeGrantId(id);
  const use = { dialect, requestId, caller, clientId: client.id, grantId };
  switch (verdict.kind) {
    case 'refuse':
      emit({ event: 'code.refused', ...use, reason: verdict.reason });
      throw new Refusal(verdict.reason, [], REPORTED);
    case 'replay':
      emit({ event: 'code.replayed', ...use });
      if (hasRevoked)
        emit({ event: 'grant.revoked', requestId, grantId, clientId: client.id, cause: 'code_replay' });
      throw new Refusal('code_replayed', [], REPORTED);
    case 'redeem':
    case 'repeat': {
      const reason = faultOf(grant, policy, nowMs);
      if (grant === undefined || reason !== undefined) {
        emit({ event: 'code.refused', ...use, reason: reason ?? 'unknown' });
        throw new Refusal('code_unknown', [], REPORTED);
      }
      emit({ event: verdict.kind === 'redeem' ? 'code.redeemed' : 'code.repeated', ...use });
    }
  }
};

/** Why a repeat gets nothing, although it is no second use: what the first gave is over, or has been used. */
const faultOf = (grant: Grant | undefined, policy: Policy, nowMs: number): DeadTokenReason | undefined => {
  if (grant === undefined) return 'unknown';
  const { status } = standingOf(grant, policy, nowMs);
  if (status !== 'active') return status;
  // Whoever holds a later token has had the first; this is a request that took long, and costs the owner nothing.
  return grant.generation === 0 ? undefined : 'concurrent_use';
};
