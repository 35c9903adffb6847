import { isPrintable, replaceUnprintable } from './printable.ts';

/**
 * A text as a word that a shell reads back unchanged, when the line is pasted. Characters that a terminal does not show, or that
 * turn its text around, are written as POSIX 2024 (`$'...'`) has them.
 */
export const toShellWord = (text: string): string => {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  if (isPrintable(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const quoted = text.replaceAll(/[\\']/g, String.raw`\$&`);
  const escaped = replaceUnprintable(quoted, (character) => `\\${toOctal(character)}`);
  return `$'${escaped}'`;
};

/** The bytes of a character in UTF-8, each as three octal digits. */
const toOctal = (character: string): string =>
  [...Buffer.from(character)].map((byte) => byte.toString(8).padStart(3, '0')).join('\\');
