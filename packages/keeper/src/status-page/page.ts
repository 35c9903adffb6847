import { createHash } from 'node:crypto';
import { QUARANTINES } from '../operations/doctor/examine-store.ts';
import type { Overview } from '../operations/read-overview.ts';
import { renderClients } from './clients-section.ts';
import { renderEnds } from './ends-section.ts';
import { Html, html } from './html.ts';
import type { Content } from './html.ts';
import { renderNumbers } from './numbers-section.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { renderTroubled } from './troubled-section.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = [
  `default-src 'none'`,
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  `connect-src 'self'`,
  `img-src data:`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
].join('; ');

/** The headers of the page: no script and no style but its own, no frame, no copy in a cache. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%229%22 y=%222%22 width=%2214%22 height=%2228%22 rx=%227%22 fill=%22%2333506b%22/%3E%3Ccircle cx=%2216%22 cy=%2210%22 r=%223%22 fill=%22white%22/%3E%3C/svg%3E';

// Their hashes are in the policy, so they stand in the page exactly as they are.
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const SCRIPT_ELEMENT = new Html(`<script>${SCRIPT}</script>`);

type Frame = {
  readonly title: string;
  readonly about: Content;
  readonly content: Content;
  readonly script: Content;
};

const renderFrame = ({ title, about, content, script }: Frame): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${ICON}" />
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <h1>Keyfob keeper</h1>
          ${about}
        </header>
        <main>${content}</main>
        <footer><p>This page shows no token and changes nothing. All days are UTC.</p></footer>
        ${script}
      </body>
    </html> `.text;

/** The status page: one document that needs nothing else. It shows no token, and changes nothing. */
export const renderStatusPage = (overview: Overview): string => {
  const iso = new Date(overview.nowMs).toISOString();
  return renderFrame({
    title: titleOf(overview),
    about: html`<p class="as-of">
      as of <time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time> UTC
    </p>`,
    content: [
      renderBanner(overview),
      renderNumbers(overview),
      renderTroubled(overview),
      renderEnds(overview),
      renderClients(overview),
    ],
    script: SCRIPT_ELEMENT,
  });
};

/** A page that says why there is no status. */
export const renderMessage = (title: string, text: string): string =>
  renderFrame({
    title: `${title} – Keyfob keeper`,
    about: undefined,
    content: html`<section class="card">
      <h2>${title}</h2>
      <p>${text}</p>
    </section>`,
    script: undefined,
  });

const renderBanner = ({ quarantine }: Overview): Content =>
  quarantine !== null &&
  html`<p class="banner">
    <b>Nothing is sent:</b> ${QUARANTINES[quarantine] ?? quarantine}. If no other keeper uses these grants,
    run <code>keyfob-keeper adopt --i-am-the-only-copy</code>.
  </p>`;

/** What a tab shows: trouble first. */
const titleOf = ({ numbers: { atRisk, needsConsent } }: Overview): string => {
  const trouble = atRisk + needsConsent;
  return trouble === 0 ? 'Keyfob keeper' : `(${trouble}) Keyfob keeper`;
};
