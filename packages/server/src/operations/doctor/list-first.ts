import type { Sentence } from '../../language.ts';

/** The first of some names, and how many more there are. */
export const listFirst = (names: readonly string[], most: number): Sentence => {
  const shown = names.slice(0, most).join(', ');
  const more = names.length - most;
  return more > 0
    ? { en: `${shown} and ${more} more`, ko: `${shown} 외 ${more}개` }
    : { en: shown, ko: shown };
};
