import type { Language } from '../../language.ts';
import type { Operator } from '../../operators/operator.ts';
import type { Permission } from '../../operators/role.ts';
import type { AdminStream } from '../exchange.ts';
import type { ApiContext } from './api-context.ts';
import type { Fields } from './fields.ts';

/** A request that is authenticated, permitted and as its route describes it. */
export type ApiVisit = {
  readonly operator: Operator;
  readonly requestId: string;
  /** Of what the answer says to people. Programs get English. */
  readonly language: Language;
  /** The parts of the path in braces. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the operator's role has a further permission. */
  may(permission: Permission): boolean;
  /** Whether the operator may work with a client; `undefined` for what belongs to every client. */
  isOwn(clientId: string | undefined): boolean;
  /** Whether the key or session of the request is still valid, with the same role. Throws `StoreError`. */
  isStillAllowed(): Promise<boolean>;
  /** Records a look in the audit log. Throws `StoreError`: then nothing is shown. */
  look(target: string, details?: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Does the write of the route, with its entry in the audit log before it. `faultOf`: why nothing was done, if it was not. Throws
   * what `work` throws.
   */
  write<Result>(
    work: () => Promise<Result>,
    faultOf: (result: Result) => string | undefined,
    about?: { readonly target?: string; readonly details?: Readonly<Record<string, unknown>> },
  ): Promise<Result>;
};

/** What a route answers. */
export type ApiAnswer = {
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: unknown;
  /** Instead of a body: lines of a media type. */
  readonly stream?: { readonly type: string; readonly run: AdminStream };
};

/**
 * How an operation is kept to the clients of a developer. `nothing`: it is about no client; `list`: it answers only what
 * `isOwn` lets through; the others name a client, a grant or a webhook, in the path, the query or the body.
 */
export type OwnAccess = {
  readonly by:
    | 'nothing'
    | 'list'
    | 'client in the path'
    | 'client in the query'
    | 'client in the body'
    | 'grant in the path'
    | 'webhook in the path'
    | 'webhook in the query';
  /** The members of the body that a developer may give; absent for all. */
  readonly fields?: readonly string[];
};

/** One operation of the admin API: all that its description and its checks need. */
export type ApiRoute = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As in `/clients/{clientId}`, below `/api/v1`. */
  readonly path: string;
  readonly tag:
    'Grants' | 'Clients' | 'Events' | 'Webhooks' | 'Jobs' | 'Keys' | 'Operations' | 'Operators' | 'Audit';
  readonly summary: string;
  readonly permission: Permission;
  /** How it is kept to the clients of a developer; absent for what developers may not do. */
  readonly own?: OwnAccess;
  /** As in `client.change`; absent for what only reads. Such a route needs a reason and knows `Idempotency-Key`. */
  readonly action?: string;
  readonly query?: Fields;
  readonly body?: Fields;
  /** The name of the schema of its answer; absent for 204 and streams. */
  readonly answers: {
    readonly status: 200 | 201 | 202 | 204;
    readonly schema?: string;
    readonly type?: string;
  };
  readonly handle: (context: ApiContext, visit: ApiVisit) => Promise<ApiAnswer>;
};
