import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WireResponse } from '../../wire/exchange.ts';

const CSS = readFileSync(new URL('connect.css', import.meta.url), 'utf8');

/** Contains a hash of the content, so that browsers can cache the file forever and still get every new version. */
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
