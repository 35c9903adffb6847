import type { Millis } from '../clock.ts';
import type { Message } from './message.ts';

/** The outcome of an attempt: an answer with the beginning of its body, or the reason why there is none. */
export type Answer =
  { readonly status: number; readonly body: string } | { readonly status: undefined; readonly error: string };

/** Posts a message once. Never rejects; `signal` aborts the attempt. */
export type Deliver = (message: Message, signal: AbortSignal) => Promise<Answer>;

/** From the start to the last byte that is read of the answer. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
const BODY_MAX_BYTES = 4096;

/** Posts messages. Redirects are not followed. */
export const deliverWithin =
  (timeoutMs: Millis): Deliver =>
  async ({ url, headers, body }, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const request = { method: 'POST', headers, body, redirect: 'manual', signal: either } as const;
      const response = await fetch(url, request);
      return { status: response.status, body: await readBeginning(response) };
    } catch (error) {
      if (signal.aborted) return { status: undefined, error: 'aborted because the server stopped' };
      if (timeout.aborted) return { status: undefined, error: `no answer in ${timeoutMs / 1000} s` };
      return { status: undefined, error: describe(error) };
    }
  };

export const deliver = deliverWithin(ATTEMPT_TIMEOUT_MS);

export const isAccepted = ({ status = 0 }: Answer): boolean => status >= 200 && status < 300;

/** Why an answer does not accept the message. */
export const describeAnswer = (answer: Answer): string => {
  if (answer.status === undefined) return answer.error;
  const isRedirect = answer.status >= 300 && answer.status < 400;
  return `answered ${answer.status}${isRedirect ? '; redirects are not followed' : ''}`;
};

/** Only the status decides, so an error in the body changes nothing. */
const readBeginning = async ({ body }: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= BODY_MAX_BYTES) break;
    }
  } catch {
    // The part that arrived is used.
  }
  return Buffer.concat(chunks).toString('utf8', 0, BODY_MAX_BYTES);
};

/** The system's error code of a failed connection, without the address, which may be private. */
const describe = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'failed';
};
