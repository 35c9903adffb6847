import type { GrantReference } from './grant-reference.ts';

/** Which requests a fault is for. All that is given must fit. */
export type FaultTarget = {
  /** `token` by default; `any` is every request to the world. */
  readonly endpoint?:
    'token' | 'authorize' | 'introspect' | 'revoke' | 'vehicles' | 'device' | 'any' | (string & {});
  /** The kind of token request. */
  readonly grantType?:
    'refresh_token' | 'authorization_code' | 'client_credentials' | 'device_code' | (string & {});
  /** By its name in the world, such as `smartcar`. */
  readonly client?: string;
  /** A grant, or its name such as `g1`. */
  readonly grant?: GrantReference;
  /** Only the n-th request that fits, from 1, counted since the fault was armed. */
  readonly nth?: number;
  /** Only every n-th request that fits. */
  readonly every?: number;
  /** Each request that fits, with this chance from 0 to 1; the seed of the world decides, so a run repeats. */
  readonly probability?: number;
  /** Only for so long after it was armed, by the clock of the world. */
  readonly forSeconds?: number;
};

/** Which requests, and how often at most: once by default, `always` with `every` or `probability`. */
export type FaultOccasion = FaultTarget & { readonly times?: number | 'always' };

/** On which side of the server's commit something happens: give one of the two. */
export type CommitSide =
  /** The server has done what was asked. */
  | { readonly after: 'commit'; readonly before?: undefined }
  /** Nothing has happened. */
  | { readonly before: 'commit'; readonly after?: undefined };

/** How an answer is lost: by a reset (RST), a close (FIN), never at all, or in the middle of its body. */
export type Loss = 'reset' | 'close' | 'hang' | 'halfBody';

/** What a fault does, as the control API has it: one member names it, and the others belong to it. */
export type FaultAction =
  | {
      readonly loseAnswer: 'beforeCommit' | 'afterCommit';
      readonly how?: Loss | undefined;
      /** After so many bytes of the answer, its head included. */
      readonly afterBytes?: number | undefined;
    }
  | { readonly delaySeconds: number; readonly movesClock?: boolean | undefined }
  | { readonly delayMilliseconds: number; readonly of?: 'request' | 'answer' | undefined }
  | {
      readonly redirect: string;
      readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
      readonly at?: 'beforeCommit' | 'afterCommit' | undefined;
    }
  /** An error in the form of the dialect that was asked, such as `invalid_grant`. */
  | {
      readonly errorCode: string;
      readonly description?: string | undefined;
      /** That of the dialect for this error by default, or else 400. */
      readonly status?: number | undefined;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly retryAfter?: RetryAfter | undefined;
      readonly at?: 'beforeCommit' | 'afterCommit' | undefined;
    }
  /** The answer leaves after the one to the next request about the same grant. */
  | { readonly lateAnswer: true }
  /** The server gets the request twice; the client gets the second answer. */
  | { readonly duplicateRequest: true }
  /** The connection is reset before the request is read. */
  | { readonly tls: 'reset' }
  /** The body ends after so many bytes, in a complete answer. */
  | { readonly truncateBody: number }
  /** Members that the answer lacks. */
  | { readonly omit: readonly string[] }
  /** Members that the answer has twice. */
  | { readonly repeat: readonly string[] }
  /** The refresh token that was sent comes back. */
  | { readonly sameToken: true }
  /** Instead of the lifetime. */
  | { readonly expiresIn: number | string | boolean | null }
  | ({ readonly at?: 'beforeCommit' | 'afterCommit' | undefined } & MadeUpAnswer);

/** A `Retry-After` header, as a number of seconds (the default) or as a moment of the server's clock. */
export type RetryAfter = { readonly seconds: number; readonly as?: 'seconds' | 'date' | undefined };

/** An answer of a gateway or of a server in trouble. */
export type MadeUpAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** The page of a real gateway with its headers, such as `nginx-502` or `cloudfront-503`. */
  readonly bodyName?: string | undefined;
  readonly retryAfter?: RetryAfter | undefined;
};

/** A fault to arm. */
export type NewFault = {
  readonly on?: FaultTarget;
  readonly do: FaultAction;
  readonly times?: number | 'always';
};

/** How a fault is at the sandbox. */
export type FaultState = {
  /** Such as `f1`. */
  readonly id: string;
  readonly on: FaultTarget;
  readonly do: FaultAction;
  readonly times: number | 'always';
  readonly scenario: string | null;
  /** Requests that fitted its endpoint, client and grant. */
  readonly seen: number;
  /** How often it happened. */
  readonly fired: number;
  /** Whether it will not happen again. */
  readonly isOver: boolean;
};

/** A fault that is armed. */
export type ArmedFault = FaultState & {
  /** How it is now. */
  read(): Promise<FaultState>;
  /** Removes it. */
  remove(): Promise<void>;
};
