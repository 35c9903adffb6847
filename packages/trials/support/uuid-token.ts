/** The places in a UUID of its version and its variant, which are no part of what a token says. */
const MARKED = new Set([14, 19]);

const unmarked = (text: string): string =>
  Array.from(text, (character, at) => (MARKED.has(at) ? '_' : character)).join('');

/** Whether a text differs from a token in UUID form in more than the version and the variant. */
export const saysOther = (text: string, token: string): boolean => unmarked(text) !== unmarked(token);
