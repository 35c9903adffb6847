import { Refusal } from '../errors.ts';
import type { RefusalReason, RefusedCodeReason, RefusedTokenReason } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { GrantRequest } from './grant-type.ts';

/** A refusal that needs no log event besides the one of its grant type, which says more. */
export const reportedRefusal = (reason: RefusalReason): Refusal =>
  new Refusal(reason, [], { isReported: true });

type Request = Omit<GrantRequest, 'parameters'>;

/** Reports that a refresh token gets no tokens, and answers the refusal to throw. */
export const reportRefusedToken = (
  emit: Emit,
  { dialect, requestId, caller, client }: Request,
  reason: RefusedTokenReason,
): Refusal => {
  emit({ event: 'refresh.refused', dialect, requestId, caller, clientId: client.id, reason });
  return reportedRefusal(reason);
};

/** Reports that an authorization code gets no tokens, and answers the refusal to throw. */
export const reportRefusedCode = (
  emit: Emit,
  { dialect, requestId, caller, client }: Request,
  reason: RefusedCodeReason,
): Refusal => {
  emit({ event: 'code.refused', dialect, requestId, caller, clientId: client.id, reason });
  return reportedRefusal(reason);
};
