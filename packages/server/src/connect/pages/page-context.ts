import { readQuery } from '../../wire/query.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import type { ConnectContext } from '../context.ts';
import { targetOf } from './page.ts';
import type { Setting } from './page.ts';
import { nameMake } from './permissions.ts';
import { pickLanguage, TEXTS } from './texts.ts';

/** The path of a URL that ends with no slash; empty for the root. */
const baseOf = (publicUrl: string): string => {
  const { pathname } = new URL(publicUrl);
  return pathname === '/' ? '' : pathname;
};

/** How a page for this request is set; what is not known of it yet is left out. */
export const settingOf = (
  { publicUrl }: Pick<ConnectContext, 'publicUrl'>,
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
  const base = baseOf(publicUrl);
  // A page is never headed by what a request made up.
  const make = known.make !== undefined && Object.hasOwn(texts.makes, known.make) ? known.make : undefined;
  return {
    language,
    texts,
    base,
    target: targetOf(base, request),
    make,
    makeName: make === undefined ? texts.product : nameMake(make, texts),
    redirectUri: known.redirectUri,
    keepsOpener: known.keepsOpener ?? false,
  };
};
