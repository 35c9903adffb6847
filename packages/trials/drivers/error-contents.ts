import { inspect } from 'node:util';

/** Whether something is in what an error shows when it is logged, only in what it holds, or in neither. */
type Held = 'shown' | 'held' | 'no';

/** What an error tells of a statement that failed. */
export type ToldError = {
  readonly message: string;
  readonly code: string | undefined;
  /** The text of the statement. */
  readonly statement: Held;
  /** A value that was its parameter. */
  readonly parameter: Held;
};

/** Reads an error; ports are left out of its message, since they differ each time. */
export const readError = (error: unknown, statement: string, parameter: string): ToldError => {
  const { message, code } = error as { readonly message: string; readonly code?: string };
  // As a logger and as `console.error` write it; and all that whoever has the error can get at.
  const shown = `${JSON.stringify(error)} ${inspect(error, { depth: 9 })}`;
  const held = inspect(error, { depth: 9, showHidden: true, maxStringLength: null });
  const find = (text: string): Held => {
    if (shown.includes(text)) return 'shown';
    return held.includes(text) ? 'held' : 'no';
  };
  return {
    message: message.replaceAll(/:\d+/g, ':PORT'),
    code,
    statement: find(statement),
    parameter: find(parameter),
  };
};
