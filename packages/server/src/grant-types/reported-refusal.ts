import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { GrantRequest } from './grant-type.ts';

/** A refusal that needs no log event besides the one of its grant type, which says more. */
export const reportedRefusal = (reason: RefusalReason): Refusal =>
  new Refusal(reason, [], { isReported: true });

/** Reports that a request gets no tokens, and answers the refusal to throw. */
export const reportRefusal = (
  emit: Emit,
  event: 'refresh.refused' | 'code.refused',
  { dialect, requestId, caller, client }: Omit<GrantRequest, 'parameters'>,
  reason: RefusalReason,
): Refusal => {
  const about = { dialect, requestId, caller, clientId: client.id, reason };
  emit(event === 'code.refused' ? { event, ...about } : { event, ...about });
  return reportedRefusal(reason);
};
