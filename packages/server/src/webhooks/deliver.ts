import type { Egress } from '../egress/egress.ts';
import { writeDeliveryError } from '../outbox/delivery-error.ts';
import type { Message } from './message.ts';

/** The outcome of an attempt: an answer with the beginning of its body, or the reason why there is none. */
export type Answer =
  { readonly status: number; readonly body: string } | { readonly status: undefined; readonly error: string };

/** Posts a message once. Never rejects; `signal` aborts the attempt. */
export type Deliver = (message: Message, signal: AbortSignal) => Promise<Answer>;

/** From the start to the last byte that is read of the answer. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
const BODY_MAX_BYTES = 4096;

/** Posts messages to where the operator's network ends, or to the ranges that it allows. Redirects are not followed. */
export const createDeliver =
  (egress: Pick<Egress, 'send'>, timeoutMs = ATTEMPT_TIMEOUT_MS): Deliver =>
  async ({ url, headers, body }, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const message = { url, method: 'POST', headers, body, signal: either } as const;
      const answer = await egress.send({ ...message, bodyMaxBytes: BODY_MAX_BYTES });
      // Only the status decides, so an error in the body changes nothing.
      return { status: answer.status, body: answer.body.toString('utf8') };
    } catch (error) {
      if (signal.aborted) return { status: undefined, error: writeDeliveryError('stopped') };
      if (timeout.aborted)
        return { status: undefined, error: writeDeliveryError('timedOut', timeoutMs / 1000) };
      return { status: undefined, error: describe(error) };
    }
  };

export const isAccepted = ({ status = 0 }: Answer): boolean => status >= 200 && status < 300;

/** Why an answer does not accept the message. */
export const describeAnswer = (answer: Answer): string => {
  if (answer.status === undefined) return answer.error;
  const isRedirect = answer.status >= 300 && answer.status < 400;
  return writeDeliveryError(isRedirect ? 'redirected' : 'answered', answer.status);
};

/** The system's error code of a failed connection, without the address, which may be private. */
const describe = (error: unknown): string => {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : 'failed';
};
