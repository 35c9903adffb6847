import { html } from './html.ts';
import type { Content } from './html.ts';

const SECOND = 1000;
const SPANS = [
  ['day', 86_400 * SECOND],
  ['hour', 3600 * SECOND],
  ['minute', 60 * SECOND],
  ['second', SECOND],
] as const;

/** A span of time in its two largest units, such as `59 days 23 hours`. */
export const sayMs = (ms: number): string => {
  const parts: string[] = [];
  let left = Math.abs(ms);
  for (const [unit, length] of SPANS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? 'less than a second' : parts.join(' ');
};

/** A moment as `2026-01-01 08:30:00`. */
export const writeMoment = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export const renderMoment = (iso: string): Content =>
  html`<time datetime="${iso}">${writeMoment(iso)}</time>`;

/** A moment with how far it is from another, such as `in 3 days`. */
export const renderDistance = (iso: string, nowMs: number): Content => {
  const ms = Date.parse(iso) - nowMs;
  const distance = ms === 0 ? 'now' : ms > 0 ? `in ${sayMs(ms)}` : `${sayMs(ms)} ago`;
  return html`<time datetime="${iso}">${writeMoment(iso)}</time> <span class="soft">${distance}</span>`;
};
