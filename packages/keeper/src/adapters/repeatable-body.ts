/** Whether a body can be sent a second time. Only what is known to be in memory as a whole: a stream can be read once. */
export const isRepeatableBody = (body: unknown): boolean =>
  body === undefined ||
  body === null ||
  typeof body === 'string' ||
  body instanceof URLSearchParams ||
  body instanceof Blob ||
  body instanceof FormData ||
  body instanceof ArrayBuffer ||
  ArrayBuffer.isView(body);

/** Requests whose body is known to be in memory, although they themselves do not say where it came from. */
const known = new WeakSet<Request>();

/** Notes that a request can be sent a second time. */
export const noteRepeatable = (request: Request): void => void known.add(request);

/** Whether a request can be sent a second time. */
export const isRepeatable = (input: string | URL | Request, init: RequestInit | undefined): boolean => {
  if (init?.body !== undefined && init.body !== null) return isRepeatableBody(init.body);
  return !(input instanceof Request) || input.body === null || known.has(input);
};
