import type { Client } from '../clients/client.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller } from '../events.ts';
import { openCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { Brand } from './grant.ts';
import { issueTokens } from './issue.ts';
import type { TokenAnswer, TokenShapes } from './issue.ts';
import type { RefreshContext } from './refresh.ts';
import type { CodeResult } from './store.ts';
import { digestUse } from './use-digest.ts';

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
  readonly brand: Brand | undefined;
  readonly idempotencyKey: string | undefined;
  readonly isKeyMissing: boolean;
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
  const opened = openCode(context.keyRing, request.shapes.code, request.code);
  if (opened === 'malformed') throw tellRefusal(context, request, 'code_malformed');
  if (opened === undefined) {
    if (request.isKeyMissing)
      throw new StoreError('unavailable', 'the key ring lacks a key that the store knows of');
    throw tellRefusal(context, request, 'code_unknown');
  }
  if (client.type === 'public' && codeVerifier === undefined)
    throw tellRefusal(context, request, 'code_verifier_wrong');
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
  let result;
  try {
    result = await context.store.redeemCode({ presented, nowMs, keyNumber, caller, requestId });
  } catch (error) {
    context.undecidedCodes.note(use, error);
    throw error;
  }
  if (result === 'client_gone') throw tellRefusal(context, request, 'client_disabled');
  const grant = tell(context, request, writeGrantId(opened.grantId), result);
  context.undecidedCodes.forget(use);
  return issueTokens(context, request.shapes, grant, result.policy, nowMs);
};

const tellRefusal = ({ emit }: RefreshContext, request: RedeemRequest, reason: RefusalReason): Refusal => {
  const { dialect, requestId, caller, client } = request;
  emit({ event: 'code.refused', dialect, requestId, caller, clientId: client.id, reason });
  return new Refusal(reason);
};

/** Tells what became of the code, and answers its grant; throws the refusal where it gets none. */
const tell = (
  { emit }: RefreshContext,
  { dialect, requestId, caller, client }: RedeemRequest,
  grantId: string,
  { verdict, grant }: CodeResult,
) => {
  const use = { dialect, requestId, caller, clientId: client.id, grantId };
  switch (verdict.kind) {
    case 'refuse':
      emit({ event: 'code.refused', ...use, reason: verdict.reason });
      throw new Refusal(verdict.reason);
    case 'replay':
      emit({ event: 'code.replayed', ...use });
      if (grant?.revocation?.cause === 'code_replay')
        emit({ event: 'grant.revoked', requestId, grantId, clientId: client.id, cause: 'code_replay' });
      throw new Refusal('code_replayed');
    case 'redeem':
    case 'repeat':
      // Its grant was ended between the use and its retry.
      if (grant === undefined || grant.revocation !== undefined) {
        emit({ event: 'code.refused', ...use, reason: 'revoked' });
        throw new Refusal('code_unknown');
      }
      emit({ event: verdict.kind === 'redeem' ? 'code.redeemed' : 'code.repeated', ...use });
      return grant;
  }
};
