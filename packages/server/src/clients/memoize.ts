const TEXT_MAX_CHARACTERS = 512;
const TEXTS_MAX = 1024;

/**
 * The same pure function, with what it answered for the newest texts at hand: clients say the same of themselves in
 * every request. Holds between one and two thousand texts, none longer than 512 characters.
 */
export const remember = <Answer>(answer: (text: string) => Answer): ((text: string) => Answer) => {
  let newer = new Map<string, Answer>();
  let older = new Map<string, Answer>();
  return (text) => {
    const known = newer.get(text);
    if (known !== undefined) return known;
    const found = older.get(text) ?? answer(text);
    if (text.length > TEXT_MAX_CHARACTERS) return found;
    if (newer.size >= TEXTS_MAX) {
      older = newer;
      newer = new Map();
    }
    newer.set(text, found);
    return found;
  };
};
