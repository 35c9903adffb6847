import { describeMoment } from '../operations/describe-span.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** A number as people read it: `1 234 567`, with thin spaces that do not break. */
export const showCount = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, '\u202f');

/** A moment from now, with the date and time for those who want it exactly. */
export const showMoment = (atMs: number, nowMs: number): Html => {
  const iso = new Date(atMs).toISOString();
  const exact = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return html`<time datetime="${iso}" title="${exact}">${describeMoment(atMs, nowMs)}</time>`;
};

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** A day: `24 Dec`. */
export const showDay = (atMs: number): string => DAY.format(atMs);
