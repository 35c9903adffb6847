import type { Dispatcher } from 'undici';
import type { Authorizer } from './authorizer.ts';
import type { Keeper } from '../keeper.ts';
import { isRepeatableBody } from './repeatable-body.ts';
import { holdRefusals } from './undici-refusals.ts';

type Dispatch = Dispatcher['dispatch'];
type Headers = Dispatcher.DispatchOptions['headers'];

/** An interceptor that gives undici the access token of a connection: `new Agent().compose(undiciInterceptor(keeper, 'vin:…'))`. */
export const undiciInterceptor =
  (keeper: Pick<Keeper, 'authorizer'>, name: string): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) => {
    const authorizer = keeper.authorizer(name);
    return (options, handler) => {
      void start({ dispatch, authorizer, options, handler });
      return true;
    };
  };

const start = async ({
  dispatch,
  authorizer,
  options,
  handler,
}: {
  dispatch: Dispatch;
  authorizer: Authorizer;
  options: Dispatcher.DispatchOptions;
  handler: Dispatcher.DispatchHandler;
}): Promise<void> => {
  const signal = 'signal' in options && options.signal instanceof AbortSignal ? options.signal : undefined;
  try {
    const sent = await authorizer.authorize(signal);
    const first = { ...options, headers: withAuthorization(options.headers, sent) };
    if (!isRepeatableBody(options.body)) return void dispatch(first, handler);
    const held = holdRefusals(handler, async (answer) => {
      const next = await authorizer.onRejected(sent, answer, signal);
      if (next === undefined) return false;
      dispatch({ ...options, headers: withAuthorization(options.headers, next) }, handler);
      return true;
    });
    dispatch(first, held);
  } catch (error) {
    // The request has not begun, so there is no controller. undici's own interceptors do the same.
    handler.onResponseError?.(undefined as never, error as Error);
  }
};

/** The headers of a request in one form, with this one. */
const withAuthorization = (headers: Headers, value: string): Record<string, string | string[]> => {
  const plain: Record<string, string | string[]> = {};
  for (const [name, one] of entriesOf(headers))
    if (one !== undefined && name.toLowerCase() !== 'authorization') plain[name] = one;
  return { ...plain, authorization: value };
};

const entriesOf = (headers: Headers): Iterable<readonly [string, string | string[] | undefined]> => {
  if (headers === undefined || headers === null) return [];
  // A flat list: name, value, name, value.
  if (Array.isArray(headers) && typeof headers[0] === 'string')
    return headers.flatMap((name, index) =>
      index % 2 === 0 ? [[name, headers[index + 1]] as [string, string]] : [],
    );
  if (Symbol.iterator in headers) return headers as Iterable<[string, string | string[] | undefined]>;
  return Object.entries(headers as Record<string, string | string[] | undefined>);
};
