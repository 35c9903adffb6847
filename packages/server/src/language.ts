/** The languages of pages; the first one is the default. */
export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text for people, written once in each language. Commands, files, settings and ids are the same in all. */
export type Sentence = Readonly<Record<Language, string>>;

/** What is the same in every language: a value, a command, or the words of another program. */
export const asIs = (text: string): Sentence => ({ en: text, ko: text });

/** What is wrong, in a sentence. A text alone is English: no form of a page causes it, only a command or a program. */
export type Fault = string | Sentence;

export const faultToSentence = (fault: Fault): Sentence => (typeof fault === 'string' ? asIs(fault) : fault);

/** What is wrong, for commands and programs. */
export const faultInEnglish = (fault: Fault): string => faultToSentence(fault).en;

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
