import type { DataRegistry } from '../../clients/data-names.ts';
import type { ScopeRegistry } from '../../clients/scopes.ts';
import { readQuery } from '../../wire/query.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { nameMake } from './names.ts';
import { pickLanguage } from '../../language.ts';
import type { Language } from '../../language.ts';
import { TEXTS } from './texts.ts';
import type { Texts } from './texts-en.ts';

/** What all pages of one request share: language, make and addresses. */
export type PageContext = {
  /** The id of the request, by which the log events of a page with an error are found. */
  readonly requestId: string;
  readonly language: Language;
  readonly texts: Texts;
  /** With the owners' texts of each scope. */
  readonly scopes: ScopeRegistry;
  /** With the owners' texts of each kind of data. */
  readonly data: DataRegistry;
  /** The path of the public URL, which begins every address in a page; empty for the root. */
  readonly base: string;
  /** Path and query of the request as the browser sees them: where forms are sent, and where the owner continues. */
  readonly target: string;
  /** The make whose colours the page has, in lower case; `undefined` for neutral colours. */
  readonly make: string | undefined;
  /** The name in the header: of the make, else of the product. */
  readonly makeName: string;
  /** The redirect URI of the client, to which a form of the page may redirect. */
  readonly redirectUri: string | undefined;
  /** Whether the window that opened the page keeps access to it (`Cross-Origin-Opener-Policy`). */
  readonly keepsOpener: boolean;
};

/** The path of a URL, without a slash at the end; empty for the root. */
const baseOf = (publicUrl: string): string => {
  const { pathname } = new URL(publicUrl);
  return pathname === '/' ? '' : pathname;
};

/** Creates the context for the pages of a request. `known` holds what the caller already knows about it. */
export const createPageContext = (
  { publicUrl, scopes, data }: Pick<ConnectContext, 'publicUrl' | 'scopes' | 'data'>,
  { request, exchange }: Pick<Visit, 'request' | 'exchange'>,
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
  // A request cannot put a name of its own into the header.
  const make = known.make !== undefined && Object.hasOwn(texts.makes, known.make) ? known.make : undefined;
  return {
    requestId: exchange.requestId,
    language,
    texts,
    scopes,
    data,
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
