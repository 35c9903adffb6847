import type { Message } from './message.ts';

/** How an attempt went: an answer, or none and why. `body` is its beginning. */
export type Answer =
  { readonly status: number; readonly body: string } | { readonly status: undefined; readonly error: string };

/** Attempts a message once. Never rejects; `signal` cuts the attempt off. */
export type Deliver = (message: Message, signal: AbortSignal) => Promise<Answer>;

/** From the beginning to the last byte of the answer that is read. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
const BODY_MAX_BYTES = 4096;

/** Posts messages. A redirect is an answer like any other: it is not followed. */
export const deliverWithin =
  (timeoutMs: number): Deliver =>
  async ({ url, headers, body }, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const request = { method: 'POST', headers, body, redirect: 'manual', signal: either } as const;
      const response = await fetch(url, request);
      return { status: response.status, body: await readBeginning(response) };
    } catch (error) {
      if (signal.aborted) return { status: undefined, error: 'cut off by the end of the server' };
      if (timeout.aborted) return { status: undefined, error: `no answer in ${timeoutMs / 1000} s` };
      return { status: undefined, error: describe(error) };
    }
  };

export const deliver = deliverWithin(ATTEMPT_TIMEOUT_MS);

export const isAccepted = ({ status = 0 }: Answer): boolean => status >= 200 && status < 300;

/** What an answer that is no acceptance says of the attempt. */
export const describeAnswer = (answer: Answer): string => {
  if (answer.status === undefined) return answer.error;
  const isRedirect = answer.status >= 300 && answer.status < 400;
  return `answered ${answer.status}${isRedirect ? '; redirects are not followed' : ''}`;
};

/** The answer is in its status: trouble with the rest of it changes nothing. */
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
    // What came until then is what there is.
  }
  return Buffer.concat(chunks).toString('utf8', 0, BODY_MAX_BYTES);
};

/** What the system says of a connection that failed, without the address, which may be private. */
const describe = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'failed';
};
