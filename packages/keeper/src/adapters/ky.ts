import type { Options } from 'ky';
import { NeedsConsentError, UnavailableError } from '../errors.ts';
import type { Keeper } from '../keeper.ts';
import { isRepeatableBody } from '../repeatable-body.ts';

/** Options that give ky the access token of a connection: `ky.extend(kyOptions(keeper, 'vin:…'))`. */
export const kyOptions = (
  keeper: Pick<Keeper, 'authorizer'>,
  name: string,
): Required<Pick<Options, 'hooks' | 'retry'>> => {
  const authorizer = keeper.authorizer(name);
  return {
    hooks: {
      beforeRequest: [
        async (request) => request.headers.set('authorization', await authorizer.authorize(request.signal)),
      ],
      afterResponse: [
        async (request, options, response) => {
          // Its types leave out two options that it passes on.
          const {
            body,
            fetch = globalThis.fetch,
            timeout,
          }: Pick<Options, 'body' | 'fetch' | 'timeout'> = options;
          const isFromOptions = body !== undefined && body !== null;
          if (isFromOptions ? !isRepeatableBody(body) : request.body !== null) return;
          const sent = request.headers.get('authorization') ?? '';
          const answer = { status: response.status, json: () => response.clone().json() };
          const next = await authorizer.onRejected(sent, answer, request.signal);
          if (next === undefined) return;
          const again = request.clone();
          again.headers.set('authorization', next);
          if (typeof timeout !== 'number') return fetch(again);
          return fetch(again, { signal: AbortSignal.any([again.signal, AbortSignal.timeout(timeout)]) });
        },
      ],
      // `retry: 3` of a request replaces `retry` below, and no hook: an error that a hook throws ends the retries.
      beforeRetry: [
        ({ error }) => {
          if (isFinal(error)) throw error;
        },
      ],
    },
    // What the keeper says is not a failure of the network: it comes through at once.
    retry: { shouldRetry: ({ error }) => (isFinal(error) ? false : undefined) },
  };
};

const isFinal = (error: Error): boolean =>
  error instanceof NeedsConsentError || error instanceof UnavailableError || error.name === 'AbortError';
