import { readQuery } from '../dialects/query.ts';
import type { WireRequest } from '../dialects/dialect.ts';
import { targetOf } from './page.ts';
import type { Setting } from './page.ts';
import { nameMake } from './permissions.ts';
import { pickLanguage, TEXTS } from './texts.ts';

/** How a page for this request is set; what is not known of it yet is left out. */
export const settingOf = (
  request: WireRequest,
  known: {
    readonly lang?: string | undefined;
    readonly make?: string | undefined;
    readonly redirectUri?: string;
    readonly keepsOpener?: boolean;
  } = {},
): Setting => {
  const lang = known.lang ?? readQuery(request.query)?.get('lang');
  const language = pickLanguage(lang, request.headers['accept-language']);
  const texts = TEXTS[language];
  return {
    language,
    texts,
    target: targetOf(request),
    make: known.make,
    makeName: known.make === undefined ? texts.product : nameMake(known.make, texts),
    redirectUri: known.redirectUri,
    keepsOpener: known.keepsOpener ?? false,
  };
};
