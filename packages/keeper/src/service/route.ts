import type * as v from 'valibot';
import type { Keeper } from '../keeper.ts';
import type { KeeperParts } from '../keeper-parts.ts';
import type { ServiceKey, ServiceScope } from '../stores/service-keys.ts';
import type { ProblemCode } from './problem.ts';

export type Schema = v.GenericSchema;

/** What routes work with. */
export type ServiceContext = {
  readonly keeper: Keeper;
  readonly parts: KeeperParts;
  /** Where the owner of a connection consents again; `undefined` where no address is configured. */
  readonly reconnectUrl: (name: string) => string | undefined;
  /** Counts requests that wait for a refresh. Throws `Problem` where too many do. */
  readonly waiting: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly isStopping: () => boolean;
};

/** A request whose key, path, query and body are checked. */
export type Call<Query, Body> = {
  readonly context: ServiceContext;
  readonly key: ServiceKey;
  /** The connection in the path; empty where the path has none. */
  readonly name: string;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
};

/** An answer in JSON; `undefined` as its body for none. */
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** How a good answer is described. */
export type DescribedAnswer = {
  readonly description: string;
  readonly schema?: Schema;
  /** JSON where missing. */
  readonly mediaType?: string;
};

/** One row of the table of routes: what is served, checked and described. */
export type ServiceRoute = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `{name}` stands for the name of a connection, percent-encoded. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the key must be allowed; `undefined` for everybody. */
  readonly scope: ServiceScope | undefined;
  readonly query?: Schema;
  readonly body?: Schema;
  /** A body that the route reads itself. */
  readonly streamed?: { readonly mediaType: string; readonly schema: Schema };
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
  /** Problems besides those that every route can have. */
  readonly problems: readonly ProblemCode[];
  readonly handle: (call: Call<never, never>) => Answer | Response | Promise<Answer | Response>;
};

/** A route whose handler gets what its schemas give. */
export const defineRoute = <Query extends Schema, Body extends Schema>(
  route: Omit<ServiceRoute, 'query' | 'body' | 'handle'> & {
    readonly query?: Query;
    readonly body?: Body;
    readonly handle: (
      call: Call<v.InferOutput<Query>, v.InferOutput<Body>>,
    ) => Answer | Response | Promise<Answer | Response>;
  },
): ServiceRoute => route;
