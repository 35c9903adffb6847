import { stripVTControlCharacters } from 'node:util';

/** UUIDs, and words that are long enough to be a token or a secret. A path has separators, so it stays readable. */
const SECRET_SHAPED =
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[A-Za-z0-9_-]{32,}(?:\.[A-Za-z0-9_-]{8,})*/gi;
const AUTHORIZATION = /\b(Basic|Bearer)\s+[\w.~+/=-]{8,}/gi;

/** Text that a command printed, without what could be a token, an id in the form of a UUID, or one of the known secrets. */
export const hideSecrets = (text: string, known: readonly string[]): string => {
  let shown = text;
  for (const secret of known) if (secret !== '') shown = shown.replaceAll(secret, '[hidden]');
  return shown.replaceAll(AUTHORIZATION, '$1 [hidden]').replaceAll(SECRET_SHAPED, '[hidden]');
};

/** What Node prints after the message of an error, which is the line that helps. */
const STACK_FRAME = /^\s+at \S|^Node\.js v\d/;

/** The last lines of a text, cut to a width, without stack frames and control characters that could steer a terminal. */
export const lastLines = (text: string, count: number, width: number): readonly string[] =>
  stripVTControlCharacters(text)
    .replaceAll(/(?!\n)\p{Cc}/gu, ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !STACK_FRAME.test(line))
    .slice(-count)
    .map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line));
