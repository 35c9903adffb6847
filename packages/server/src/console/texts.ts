import { TEXTS_EN } from './texts-en.ts';
import type { Texts } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';

/** The languages of the console; the first one is the default. */
export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEXTS: Readonly<Record<Language, Texts>> = { en: TEXTS_EN, ko: TEXTS_KO };

/** The language that a request names by `lang` or its cookie, else the one its browser prefers, else English. */
export const pickLanguage = (named: string | undefined, acceptLanguage: string | undefined): Language => {
  const found = LANGUAGES.find((language) => language === named);
  if (found !== undefined) return found;
  const tags = (acceptLanguage ?? '').slice(0, 500).split(',');
  for (const tag of tags) {
    const language = LANGUAGES.find((one) => tag.trim().toLowerCase().startsWith(one));
    if (language !== undefined) return language;
  }
  return LANGUAGES[0];
};
