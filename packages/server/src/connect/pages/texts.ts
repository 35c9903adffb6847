import type { Language } from '../../language.ts';
import { TEXTS_EN } from './texts-en.ts';
import type { Texts } from './texts-en.ts';
import { TEXTS_KO } from './texts-ko.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: TEXTS_EN, ko: TEXTS_KO };
