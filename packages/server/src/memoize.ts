/** Results by text, of which the newest are kept. */
export type KeptTexts<Result> = {
  read(text: string): Result | undefined;
  keep(text: string, result: Result): void;
};

/** Keeps between one and two times `textsMax` results, for texts of at most `characterMax` characters. */
export const createKeptTexts = <Result>({
  textsMax,
  characterMax,
}: {
  readonly textsMax: number;
  readonly characterMax: number;
}): KeptTexts<Result> => {
  let newer = new Map<string, Result>();
  let older = new Map<string, Result>();
  const keep = (text: string, result: Result): void => {
    if (text.length > characterMax) return;
    if (newer.size >= textsMax) {
      older = newer;
      newer = new Map();
    }
    newer.set(text, result);
  };
  return {
    keep,
    read(text) {
      const known = newer.get(text);
      if (known !== undefined) return known;
      const before = older.get(text);
      if (before !== undefined) keep(text, before);
      return before;
    },
  };
};

const TEXT_MAX_CHARACTERS = 512;
const TEXTS_MAX = 1024;

/**
 * The same pure function, with its results for the newest texts kept: a client sends the same headers in every request.
 * Keeps between one and two thousand texts, none longer than 512 characters.
 */
export const memoize = <Result>(compute: (text: string) => Result): ((text: string) => Result) => {
  const kept = createKeptTexts<Result>({ textsMax: TEXTS_MAX, characterMax: TEXT_MAX_CHARACTERS });
  return (text) => {
    const known = kept.read(text);
    if (known !== undefined) return known;
    const result = compute(text);
    kept.keep(text, result);
    return result;
  };
};
