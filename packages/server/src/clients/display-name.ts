/** Scripts that are written with joiners inside of words. */
const JOINED_SCRIPT = `[${[
  'Arabic',
  'Syriac',
  'Devanagari',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Khmer',
  'Myanmar',
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')}]`;

/** A joiner where it has an effect: between two pictures of one emoji, or inside of a word that needs it. */
const JOINER =
  `(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\uFE0F])\\u200D(?=\\p{Extended_Pictographic})` +
  `|(?<=${JOINED_SCRIPT})[\\u200C\\u200D](?=${JOINED_SCRIPT})`;

/** Characters that nobody sees: controls, marks of direction, fillers, and what no font has. */
const INVISIBLE = '[\\p{C}\\p{Zl}\\p{Zp}\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u2800\\u3164\\uFFA0]';

const JOINER_OR_INVISIBLE = new RegExp(`(?<joiner>${JOINER})|${INVISIBLE}`, 'gu');
const LINE_BREAKS = /[\t-\r\u0085\u2028\u2029]/g;

const withoutInvisible = (text: string): string =>
  text.replace(JOINER_OR_INVISIBLE, (_, joiner?: string) => joiner ?? '');

/**
 * A name as a page shows it: on one line and without invisible characters, with which a name could pass for another one
 * or turn the text around it. May be empty.
 */
export const cleanName = (name: string): string =>
  withoutInvisible(name.replace(LINE_BREAKS, ' ')).replace(/\s+/gu, ' ').trim();

/** Characters as people count them: a letter with its accents, or an emoji of several code points, is one. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Of one character; more accents than any language puts on a letter run into the lines above and below. */
const CODE_POINTS_MAX = 12;

/** The characters of a text, as people count them. */
export const charactersOf = (text: string): readonly string[] =>
  Array.from(segmenter.segment(text), ({ segment }) =>
    Array.from(segment).slice(0, CODE_POINTS_MAX).join(''),
  );

/** Cuts a name after so many characters as people count them, and never inside of one. */
export const cutName = (name: string, charactersMax: number): string => {
  // A text has at most as many characters as code units, so most names need no segmenter.
  const isShort = name.length <= Math.min(charactersMax, CODE_POINTS_MAX);
  if (isShort) return name;
  const characters = charactersOf(name);
  return characters.length <= charactersMax
    ? characters.join('')
    : `${characters
        .slice(0, charactersMax - 1)
        .join('')
        .trimEnd()}…`;
};

export const NAME_MAX_CHARACTERS = 100;
/** Also limits what is segmented. */
const NAME_MAX_CODE_UNITS = 400;

/** What is wrong with a name that owners will see, in a sentence; `undefined` for nothing. */
export const faultOfName = (name: string): string | undefined => {
  if (name.length > NAME_MAX_CODE_UNITS || charactersOf(name).length > NAME_MAX_CHARACTERS)
    return `must have at most ${NAME_MAX_CHARACTERS} characters`;
  return withoutInvisible(name) === name ? undefined : 'must not contain control or invisible characters';
};
