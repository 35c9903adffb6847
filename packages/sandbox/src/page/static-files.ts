import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WireResponse } from '@keyfob/server/wire';

/** A file that every page uses, and its address. */
export type StaticFile = { readonly path: string; readonly answer: WireResponse };

const readStaticFile = (name: string, contentType: string): StaticFile => {
  const body = readFileSync(new URL(name, import.meta.url), 'utf8');
  const ending = name.slice(name.lastIndexOf('.'));
  return {
    // With a hash of the content, so that browsers keep the file forever and still get every new version.
    path: `/_sandbox/page/${hash('sha256', body).slice(0, 16)}${ending}`,
    answer: {
      status: 200,
      headers: {
        'Content-Type': contentType,
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
      body,
    },
  };
};

export const STYLESHEET = readStaticFile('sandbox.css', 'text/css; charset=utf-8');
/** The live part; without it a page is what it was when it was loaded. */
export const SCRIPT = readStaticFile('live.js', 'text/javascript; charset=utf-8');
