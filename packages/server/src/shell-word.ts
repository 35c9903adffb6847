/**
 * A text as a word that a shell reads back unchanged, when the line is pasted. Control characters, which a terminal does not
 * show, are written as POSIX 2024 (`$'...'`) has them.
 */
export const toShellWord = (text: string): string => {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  if (!/\p{Cc}/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = text
    .replaceAll(/[\\']/g, String.raw`\$&`)
    .replaceAll(/\p{Cc}/gu, (character) => `\\${toOctal(character)}`);
  return `$'${escaped}'`;
};

/** The bytes of a character in UTF-8, each as three octal digits. */
const toOctal = (character: string): string =>
  [...Buffer.from(character)].map((byte) => byte.toString(8).padStart(3, '0')).join('\\');
