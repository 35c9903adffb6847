import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AdminAnswer } from '../admin/exchange.ts';

/** A file that every page uses, and its address. */
export type StaticFile = { readonly path: string; readonly answer: AdminAnswer };

const readStaticFile = (name: string, type: string): StaticFile => {
  const body = readFileSync(new URL(name, import.meta.url), 'utf8');
  return {
    // Contains a hash of the content, so that browsers can keep the file and still get every new version.
    path: `/console/${hash('sha256', body).slice(0, 16)}${name.slice(name.lastIndexOf('.'))}`,
    answer: {
      status: 200,
      type,
      body,
      headers: {
        'Cache-Control': 'public, max-age=31536000, immutable',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
    },
  };
};

export const STYLESHEET = readStaticFile('console.css', 'text/css; charset=utf-8');
/** Local times, copying, and the live page. Every page works without it. */
export const SCRIPT = readStaticFile('browser.js', 'text/javascript; charset=utf-8');
