import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What the user of a library sees of an error. What the library does not say is null. */
export type SeenError = {
  readonly type: string;
  readonly error: string | null;
  readonly description: string | null;
  readonly status: number | null;
  readonly retryAfter: string | null;
};

/** A library threw. */
export class ClientThrew extends Error {
  readonly seen: SeenError;
  constructor(seen: SeenError) {
    super(`${seen.type}: ${seen.error ?? ''} ${seen.description ?? ''}`);
    this.seen = seen;
  }
}

/** What a library is asked to do; the program of its language lists the members of each call. */
export type ClientCall = { readonly call: 'begin' | 'refresh' | 'exchange' | 'race' | 'share' } & Readonly<
  Record<string, string | number>
>;

/** A program in another language that calls libraries of that language. */
export type ClientProgram = {
  /** Returns the refresh tokens that the library got. Rejects with `ClientThrew`. */
  ask(call: ClientCall): Promise<readonly string[]>;
  /** Ends the program. Rejects if it failed. */
  stop(): Promise<void>;
};

/** How to start a program: the command, and what it needs in its environment for a server at `url`. */
export type ClientCommand = {
  readonly program: string;
  readonly args: readonly string[];
  environment(url: string): Readonly<Record<string, string>>;
};

type ClientAnswer = { readonly refreshTokens?: readonly string[]; readonly error?: SeenError };

/** Starts the program for a server at `url`. It answers one call after the other. */
export const startClientProgram = (
  { program, args, environment }: ClientCommand,
  url: string,
): ClientProgram => {
  const env = { ...process.env, ...environment(url) };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const { done, value } = await answers.next();
      if (done === true) assert.fail(`${program} ended: ${errors}`);
      const { refreshTokens, error } = JSON.parse(value) as ClientAnswer;
      if (error !== undefined) throw new ClientThrew(error);
      return refreshTokens ?? assert.fail('neither tokens nor an error');
    },
    async stop() {
      child.stdin.end();
      const [code] = (await exited) as [number | null];
      assert.equal(code, 0, errors);
    },
  };
};
