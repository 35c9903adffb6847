import type * as v from 'valibot';
import type { Worlds } from '../worlds/worlds.ts';

/** A schema for the body of a request or an answer. */
export type Schema = v.GenericSchema;

/** What a route works with. */
export type ControlContext = { readonly worlds: Worlds; readonly version: string };

/** A request to the control API, checked. */
export type ControlCall<Body, Query> = {
  readonly context: ControlContext;
  /** The segment of the path for each `{name}`. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** How the caller reaches the sandbox: `http://` and the host that it names. */
  readonly origin: string | undefined;
  /** Ends when the client has left. */
  readonly signal: AbortSignal;
};

/** One route of the control API: what it takes, what it answers, and what it does. The description is made from it. */
export type ControlRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/_sandbox`; `{name}` stands for one segment. */
  readonly path: string;
  /** What it does, without a full stop. */
  readonly summary: string;
  readonly tag: string;
  /** Absent where it takes no body. Every body may be left out where all its members may. */
  readonly body?: Schema;
  /** Reads the body instead of `body`, which describes it. Throws `SandboxError`. */
  readonly parse?: (body: never) => unknown;
  readonly query?: Schema;
  readonly status: number;
  /** Absent for an empty answer. */
  readonly answer?: Schema;
  readonly handle: (call: ControlCall<never, never>) => unknown;
};

/** Checks that what a route does fits its schemas. */
export const defineRoute = <
  Body extends Schema = v.UndefinedSchema<undefined>,
  Query extends Schema = v.UndefinedSchema<undefined>,
  Answer extends Schema = v.VoidSchema<undefined>,
>(
  route: Omit<ControlRoute, 'body' | 'parse' | 'query' | 'answer' | 'handle'> & {
    readonly body?: Body;
    readonly parse?: (body: v.InferInput<Body>) => v.InferOutput<Body>;
    readonly query?: Query;
    readonly answer?: Answer;
    readonly handle: (
      call: ControlCall<v.InferOutput<Body>, v.InferOutput<Query>>,
    ) => v.InferInput<Answer> | Promise<v.InferInput<Answer>>;
  },
): ControlRoute => route;
