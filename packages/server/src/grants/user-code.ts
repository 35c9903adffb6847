/** Letters without vowels, so that no code is a word. @see RFC 8628 §6.1 */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const ONLY_LETTERS = new RegExp(`^[${LETTERS}]*$`);
const LENGTH = 8;
/** More than a person types who separates every letter. */
const TYPED_MAX_CHARACTERS = 64;

/** The largest multiple of the number of letters that a byte can be below; larger bytes would favour the first letters. */
const BYTES_BELOW = 256 - (256 % LETTERS.length);

/** A new user code of eight letters: 2.56e10 are possible. */
export const createUserCode = ({ bytes }: { bytes(count: number): Uint8Array }): string => {
  let code = '';
  while (code.length < LENGTH)
    for (const byte of bytes(LENGTH))
      if (byte < BYTES_BELOW && code.length < LENGTH) code += LETTERS[byte % LETTERS.length];
  return code;
};

/** As owners see it: `XXXX-XXXX`. */
export const showUserCode = (userCode: string): string => `${userCode.slice(0, 4)}-${userCode.slice(4)}`;

/**
 * What an owner typed as a user code: case, spaces and punctuation do not count, nor does the width of the letters.
 * `undefined` for what no device can show.
 */
export const readUserCode = (typed: string): string | undefined => {
  if (typed.length > TYPED_MAX_CHARACTERS) return undefined;
  const letters = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{P}]/gu, '');
  return letters.length === LENGTH && ONLY_LETTERS.test(letters) ? letters : undefined;
};
