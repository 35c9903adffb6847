import { inspect } from 'node:util';

/** Whether an error shows a text when it is logged, only contains it, or neither. */
type Presence = 'shown' | 'held' | 'no';

/** What an error reveals about a failed statement. */
export type ErrorContents = {
  readonly message: string;
  readonly code: string | undefined;
  /** The text of the statement. */
  readonly statement: Presence;
  /** The value of its parameter. */
  readonly parameter: Presence;
};

/** Reads an error. Ports are removed from its message, because they differ each time. */
export const readError = (error: unknown, statement: string, parameter: string): ErrorContents => {
  const { message, code } = error as { readonly message: string; readonly code?: string };
  // What a logger or `console.error` writes, and what code that has the error can reach.
  const shown = `${JSON.stringify(error)} ${inspect(error, { depth: 9 })}`;
  const held = inspect(error, { depth: 9, showHidden: true, maxStringLength: null });
  const find = (text: string): Presence => {
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
