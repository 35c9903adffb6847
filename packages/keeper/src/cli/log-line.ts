import { printable } from './output.ts';

/** An event of the log, and when it was. */
type LogRecord = Readonly<Record<string, unknown>> & { readonly at: string; readonly event: string };

const NAME_CHARACTERS = 18;
const [CYAN, YELLOW] = [36, 33];
/** What an operator should look at. All else is the daily work. */
const ALARMING = /(?:failed|dropped|died|spooled|quarantine|given_up|disabled)$/;

/** One line for people: time, event, and what is known about it. */
export const writeLogLine = (
  { at, event, ...details }: LogRecord,
  { hasColour }: { readonly hasColour: boolean },
): string => {
  const name = event.padEnd(NAME_CHARACTERS);
  const colour = ALARMING.test(event) ? YELLOW : CYAN;
  const words = Object.entries(details).flatMap(([key, value]) => showDetail(key, value));
  // Codes and request ids come from providers: without control characters they cannot steer the terminal.
  const line = [at, name, ...words].map((word) => printable(word).replaceAll('\n', ' '));
  if (hasColour) line[1] = `\u001b[${colour}m${name}\u001b[0m`;
  return line.join('  ').trimEnd();
};

const showDetail = (key: string, value: unknown): readonly string[] => {
  if (value === undefined || value === null || value === '') return [];
  return [`${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`];
};
