import { readNow } from '../clock.ts';
import type { CodeResult } from '../grants/code-store.ts';
import type { TokenAnswer } from '../grants/issue.ts';
import type { PresentedCode } from '../grants/judge-code.ts';
import { digestUse } from '../grants/use-digest.ts';
import type { Emit } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { GrantRequest, GrantTypeContext } from './grant-type.ts';
import { prepareIssuing } from './issue-for-use.ts';
import { reportedRefusal, reportRefusedCode } from './reported-refusal.ts';

/** A code is used once, so only one of its uses can be undecided. */
const ONLY_USE = 0;

/** What a grant type knows of the code that its request presents; the rest is in the request. */
type Presentation = Omit<
  PresentedCode,
  'clientId' | 'brand' | 'useDigest' | 'isRetryOfOurs' | 'keyThumbprint'
>;

/**
 * Redeems what an owner agreed to, and issues the tokens where the verdict gives some. Resolves only after the store has
 * the grant on disk. Throws a `Refusal` where the client is gone, and `StoreError`.
 */
export const redeemPresented = async (
  context: GrantTypeContext,
  request: GrantRequest<{ readonly resource: string | undefined }>,
  presentation: Presentation,
): Promise<{ readonly result: CodeResult; readonly tokens: TokenAnswer | undefined }> => {
  const { store, emit, undecidedCodes: undecided } = context;
  const { client, caller, requestId, brand, binding } = request;
  const use = { grantId: presentation.grantId, generation: ONLY_USE };
  const presented = {
    ...presentation,
    clientId: client.id,
    brand,
    keyThumbprint: binding?.kind === 'jkt' ? binding.thumbprint : undefined,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: undecided.has(use),
  };
  const now = readNow(context);
  const keyNumber = context.keyRing.seal.active.number;
  const issuing = prepareIssuing(context, request, { undecided, use }, now);
  let result;
  try {
    const codeUse = { ...now, presented, keyNumber, caller, requestId };
    result = await store.redeemCode(codeUse, issuing.issue);
  } catch (error) {
    undecided.note(use, error);
    throw error;
  }
  if (result === 'client_gone') throw reportRefusedCode(emit, request, 'client_disabled');
  return { result, tokens: issuing.tokens };
};

/** Reports the outcome of the code. Throws the refusal where it gets no tokens. */
export const reportCode = (
  emit: Emit,
  { dialect, requestId, caller, client }: Omit<GrantRequest, 'parameters'>,
  id: GrantId,
  { verdict, fault, hasRevoked, grant }: CodeResult,
): void => {
  const grantId = writeGrantId(id);
  const use = { dialect, requestId, caller, clientId: client.id, grantId };
  switch (verdict.kind) {
    case 'refuse':
      emit({ event: 'code.refused', ...use, reason: verdict.reason });
      throw reportedRefusal(verdict.reason);
    case 'replay':
      emit({ event: 'code.replayed', ...use });
      if (hasRevoked && grant !== undefined)
        emit({ event: 'grant.revoked', requestId, grantId, clientId: grant.clientId, cause: 'code_replay' });
      throw reportedRefusal('code_replayed');
    case 'redeem':
    case 'repeat':
      if (fault !== undefined) {
        emit({ event: 'code.refused', ...use, reason: fault });
        throw reportedRefusal('code_unknown');
      }
      emit({ event: verdict.kind === 'redeem' ? 'code.redeemed' : 'code.repeated', ...use });
  }
};
