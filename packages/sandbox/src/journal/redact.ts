/** Any word that is long enough to be a token, a code, a secret or a part of one. */
const WORD = /[A-Za-z0-9_~+/=-]{20,}(?:\.[A-Za-z0-9_~+/=-]{20,})*/g;

const TEXT_MAX_CHARACTERS = 300;

/** A text of a stranger without anything that may be a token: each long word becomes what `describe` calls it. */
export const redact = (text: string, describe: (word: string) => string | undefined): string =>
  text.replace(WORD, (word) => describe(word) ?? '(hidden)').slice(0, TEXT_MAX_CHARACTERS);
