/**
 * Characters that could steer a terminal (ECMA-48 controls, also those of one byte) or turn the text of a line around
 * (marks of direction, UAX 9). Subjects, names and user agents come from strangers.
 */
const UNPRINTABLE = '[\\p{Cc}\\p{Bidi_Control}\\p{Zl}\\p{Zp}]';
const OF_TEXT = new RegExp(UNPRINTABLE, 'gu');
const OF_LINES = new RegExp(`(?!\\n)${UNPRINTABLE}`, 'gu');

/** The text with a question mark for each character that a terminal would not print as itself. */
export const toPrintable = (text: string): string => text.replaceAll(OF_TEXT, '?');

/** The same for a text of several lines. */
export const toPrintableLines = (text: string): string => text.replaceAll(OF_LINES, '?');

/** JSON that says the same with escapes for these characters, of which JSON itself escapes only some. */
export const toPrintableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    OF_TEXT,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Whether a text has no such character. */
export const isPrintable = (text: string): boolean => text.search(OF_TEXT) === -1;

/** The text with each such character in another form. */
export const replaceUnprintable = (text: string, write: (character: string) => string): string =>
  text.replaceAll(OF_TEXT, write);
