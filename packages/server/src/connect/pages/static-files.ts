import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Route } from '../../wire/route.ts';

/** A file that every page uses, and its address. */
type StaticFile = { readonly path: string; readonly render: Route };

const readStaticFile = (name: string, contentType: string): StaticFile => {
  const body = readFileSync(new URL(name, import.meta.url), 'utf8');
  const ending = name.slice(name.lastIndexOf('.'));
  return {
    // Contains a hash of the content, so that browsers can cache the file forever and still get every new version.
    path: `/connect/${hash('sha256', body).slice(0, 16)}${ending}`,
    render: () => ({
      status: 200,
      headers: {
        'Content-Type': contentType,
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
      body,
    }),
  };
};

export const STYLESHEET = readStaticFile('connect.css', 'text/css; charset=utf-8');
/** Improves pages that work without it: the owner's time zone, and long lists of vehicles. */
export const SCRIPT = readStaticFile('connect.js', 'text/javascript; charset=utf-8');
