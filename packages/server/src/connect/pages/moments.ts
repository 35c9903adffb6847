import type { Millis } from '../../clock.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';
import { LANGUAGES } from '../../language.ts';
import type { Language } from '../../language.ts';

const STYLES = {
  day: { dateStyle: 'long' },
  moment: { dateStyle: 'long', timeStyle: 'short' },
} as const;
type Style = keyof typeof STYLES;

/** Created once: creating a formatter costs more than everything else in an entry. */
const FORMATS = new Map<string, Intl.DateTimeFormat>(
  LANGUAGES.flatMap((language) =>
    Object.entries(STYLES).map(([style, options]) => [
      `${language} ${style}`,
      new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }),
    ]),
  ),
);

const formatOf = (language: Language, style: Style): Intl.DateTimeFormat => {
  const format = FORMATS.get(`${language} ${style}`);
  if (format === undefined) throw new Error(`there is no format for ${style} in ${language}`);
  return format;
};

/** The server does not know the owner's time zone: the script of the pages writes the same in it (`connect.js`). */
const render = ({ language }: PageContext, atMs: Millis, style: Style): Content =>
  html`<time datetime="${new Date(atMs).toISOString()}" data-style="${style}"
    >${formatOf(language, style).format(atMs)} (UTC)</time
  >`;

/** A day, for example `29 November 2026`. */
export const renderDay = (pageContext: PageContext, atMs: Millis): Content =>
  render(pageContext, atMs, 'day');

/** A day and the time of the day. */
export const renderMoment = (pageContext: PageContext, atMs: Millis): Content =>
  render(pageContext, atMs, 'moment');
