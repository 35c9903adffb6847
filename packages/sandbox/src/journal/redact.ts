/** Any word that is long enough to be a token, a code, a secret or a part of one, also with its signs encoded as in a URL. */
const WORD = /[A-Za-z0-9_~+=%-]{20,}/g;
/** Names of media types, paths and scopes. A token has capitals or digits. */
const PLAIN = /^[a-z_+-]+$/;

const TEXT_MAX_CHARACTERS = 300;

/** A text of a stranger without anything that may be a token or a secret. */
export const redact = (text: string): string =>
  text.replace(WORD, (word) => (PLAIN.test(word) ? word : '(hidden)')).slice(0, TEXT_MAX_CHARACTERS);
