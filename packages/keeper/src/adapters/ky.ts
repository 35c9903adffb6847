import type { Options } from 'ky';
import { NeedsConsentError, UnavailableError } from '../errors.ts';
import type { Keeper } from '../keeper.ts';
import { isRepeatableBody } from './repeatable-body.ts';

/** What ky 2 gives a hook; ky 1 gives the members as a list. */
type HookState = {
  readonly request: Request;
  readonly options: object;
  readonly response?: Response;
};

/** What a hook of either version got. */
const stateOf = (
  first: Request | HookState,
  options: object = {},
  response?: Response,
): { readonly request: Request; readonly options: object; readonly response: Response | undefined } =>
  first instanceof Request
    ? { request: first, options, response }
    : { request: first.request, options: first.options, response: first.response };

/** The default of ky. */
const TIMEOUT_MS = 10_000;

/**
 * Options that give ky the access token of a connection: `ky.extend(kyOptions(keeper, 'vin:…'))`. For ky 1.14 and ky 2. `own` is for
 * ky 2, which hides from a hook what you have set as `fetch` and `timeout`: without it, a request that is made again goes
 * through the global `fetch`, for ten seconds at most.
 */
export const kyOptions = (
  keeper: Pick<Keeper, 'authorizer'>,
  name: string,
  own: Pick<Options, 'fetch' | 'timeout'> = {},
): Required<Pick<Options, 'hooks' | 'retry'>> => {
  const authorizer = keeper.authorizer(name);
  return {
    hooks: {
      beforeRequest: [
        async (first: Request | HookState) => {
          const { request } = stateOf(first);
          request.headers.set('authorization', await authorizer.authorize(request.signal));
        },
      ],
      afterResponse: [
        async (first: Request | HookState, ...rest: [options?: object, response?: Response]) => {
          const { request, options, response } = stateOf(first, ...rest);
          if (response === undefined) return;
          // The types of both leave out options that they pass on.
          const {
            body,
            fetch = own.fetch ?? globalThis.fetch,
            timeout = own.timeout ?? TIMEOUT_MS,
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
