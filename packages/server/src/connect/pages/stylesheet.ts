import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WireResponse } from '../../wire/exchange.ts';

const CSS = readFileSync(new URL('connect.css', import.meta.url), 'utf8');

/** Named by its content, so that a browser may keep it for ever and still never shows a page in an old dress. */
export const STYLESHEET_PATH = `/connect/${hash('sha256', CSS).slice(0, 16)}.css`;

export const renderStylesheet = (): WireResponse => ({
  status: 200,
  headers: {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  },
  body: CSS,
});
