import type { Language } from '../../language.ts';
import { TEXTS_EN } from './en.ts';
import type { Texts } from './en.ts';
import { TEXTS_KO } from './ko.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: TEXTS_EN, ko: TEXTS_KO };
