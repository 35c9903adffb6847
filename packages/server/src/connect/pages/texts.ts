import { TEXTS_EN } from './texts-en.ts';
import type { Texts } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';

/** The languages of the pages; the first one is the default. */
export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEXTS: Readonly<Record<Language, Texts>> = { en: TEXTS_EN, ko: TEXTS_KO };

/** Picks the language of a page: the one the request names, else the one the browser prefers (RFC 9110 §12.5.4), else English. */
export const pickLanguage = (named: string | undefined, acceptLanguage: string | undefined): Language => {
  const wanted = named === undefined ? [] : [named];
  const preferred = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((entry) => {
      const [tag = '', quality] = entry.split(';');
      return {
        tag: tag.trim(),
        quality: Number(/q=(?<value>[\d.]+)/.exec(quality ?? '')?.groups?.['value'] ?? 1),
      };
    })
    .filter(({ quality }) => quality > 0)
    .sort((left, right) => right.quality - left.quality)
    .map(({ tag }) => tag);
  for (const tag of [...wanted, ...preferred]) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split(/[-_]/, 1)[0] === language);
    if (found !== undefined) return found;
  }
  return LANGUAGES[0];
};
