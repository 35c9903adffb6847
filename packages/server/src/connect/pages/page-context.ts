import { readQuery } from '../../wire/query.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import type { ConnectContext } from '../context.ts';
import { nameMake } from './permissions.ts';
import { pickLanguage, TEXTS } from './texts.ts';
import type { Language } from './texts.ts';
import type { Texts } from './texts-en.ts';

/** Where and in which dress a page is shown. */
export type PageContext = {
  readonly language: Language;
  readonly texts: Texts;
  /** The path under which a proxy has us, for every address in a page; empty for the root. */
  readonly base: string;
  /** The path and query of the request as the browser knows it: where its forms go, and where it is continued. */
  readonly target: string;
  /** Whose colours it wears, in lower case; `undefined` for nobody's. */
  readonly make: string | undefined;
  /** Whose name stands above it. */
  readonly makeName: string;
  /** Where a form of the page may end up, besides here: the redirect URI of a client. */
  readonly redirectUri: string | undefined;
  /** Whether the window that opened this one may go on knowing it. */
  readonly keepsOpener: boolean;
};

/** The path of a URL that ends with no slash; empty for the root. */
const baseOf = (publicUrl: string): string => {
  const { pathname } = new URL(publicUrl);
  return pathname === '/' ? '' : pathname;
};

/** How a page for this request is set; what is not known of it yet is left out. */
export const createPageContext = (
  { publicUrl }: Pick<ConnectContext, 'publicUrl'>,
  request: WireRequest,
  known: {
    readonly lang?: string | undefined;
    readonly make?: string | undefined;
    readonly redirectUri?: string;
    readonly keepsOpener?: boolean;
  } = {},
): PageContext => {
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

/** Path and query as the browser sent them. */
const targetOf = (base: string, { path, query }: WireRequest): string =>
  query === '' ? `${base}${path}` : `${base}${path}?${query}`;
