import type { IncomingMessage } from 'node:http';

/** A request to the admin listener, read as a whole. */
export type AdminRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly address: string;
  readonly requestId: string;
};

/** Where the parts of an answer go as they come. */
export type StreamWriter = {
  write(text: string): void;
  /** Resolves when what was written is on its way, or nobody reads any more. */
  drained(): Promise<void>;
  /** Says when nobody reads any more. */
  readonly signal: AbortSignal;
};
/** Resolves when all is written. `cut`: it is not whole, and its reader must notice. */
export type AdminStream = (writer: StreamWriter) => Promise<'cut' | void>;

/** Whose an answer that goes on is: one person or program may have only a few, and developers together not all. */
export type StreamHolder = { readonly holder: string; readonly isDeveloper: boolean };

/** An answer of the admin listener. */
export type AdminAnswer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Instead of a body. */
  readonly stream?: StreamHolder & { readonly run: AdminStream };
};

/** What answers the requests below a prefix; `undefined` where there is nothing. */
export type AdminPages = (request: AdminRequest) => Promise<AdminAnswer | undefined>;

export const plain = (status: number, line: string): AdminAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${line}\n`,
});
