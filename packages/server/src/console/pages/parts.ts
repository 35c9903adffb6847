import { Html, html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import { formTokenOf } from '../../admin/api/session-cookie.ts';
import { REASON_MAX_CHARACTERS } from '../../operations/record-audit.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import type { Texts } from '../texts/en.ts';

/** The field with the secret that binds a form to its session. */
export const FORM_TOKEN = 'form_token';

/** A form that is sent to an address of the console and bound to the session. */
export const formTo = ({ session }: ConsoleVisit, action: string, content: Content, name = 'form'): Content =>
  html`<form class="${name}" method="post" action="${action}">
    <input type="hidden" name="${FORM_TOKEN}" value="${formTokenOf(session)}" />
    ${content}
  </form>`;

/** Where a page lies: the page above it, and what kind of page it is itself. */
export const above = ([href, title]: readonly [href: string, title: string], here?: string): Content =>
  html`<p class="over">
    <a href="${href}">${title}</a> <span aria-hidden="true">›</span>
    ${here}
  </p>`;

/** The pages of one part, beside each other. */
export const tabs = (
  label: string,
  pages: readonly (readonly [href: string, title: string])[],
  here: string,
): Content =>
  html`<nav class="tabs" aria-label="${label}">
    ${pages.map(
      ([href, title]) => html`<a href="${href}" ${href === here && html`aria-current="page"`}>${title}</a>`,
    )}
  </nav>`;

/** The field in which an operator says why. `id` is unique on the page. */
export const reasonField = ({ texts }: ConsoleVisit, id: string): Content =>
  html`<p class="field">
    <label for="${id}">${texts.reason}</label>
    <input
      id="${id}"
      name="reason"
      required
      minlength="3"
      maxlength="${REASON_MAX_CHARACTERS}"
      autocomplete="off"
      placeholder="${texts.reasonHint}"
    />
  </p>`;

/** A change that needs a reason: closed until somebody opens it. */
export const change = (
  visit: ConsoleVisit,
  {
    id,
    action,
    title,
    hint,
    fields,
    kind = 'secondary',
  }: {
    readonly id: string;
    readonly action: string;
    readonly title: string;
    readonly hint?: string;
    readonly fields?: Content;
    readonly kind?: 'primary' | 'secondary' | 'danger';
  },
): Content =>
  html`<details class="change ${kind}">
    <summary>${title}</summary>
    ${formTo(
      visit,
      action,
      html`${hint !== undefined && html`<p class="hint">${hint}</p>`} ${fields} ${reasonField(visit, id)}
        <p><button class="${kind}">${title}</button></p>`,
    )}
  </details>`;

/** A moment in UTC, to the minute, as text. `at`: ISO 8601. */
export const utcText = ({ utc }: Pick<Texts, 'utc'>, at: string): string =>
  `${at.slice(0, 16).replace('T', ' ')} ${utc}`;

/** A moment in UTC, which the script turns into local time; a dash for none. */
export const moment = ({ texts }: Pick<ConsoleVisit, 'texts'>, at: string | null): Content =>
  at === null ? texts.none : html`<time datetime="${at}">${utcText(texts, at)}</time>`;

/** The same to the second, where the order within a minute matters. */
export const momentToTheSecond = ({ texts }: Pick<ConsoleVisit, 'texts'>, at: string): Content =>
  html`<time datetime="${at}" data-seconds>${at.slice(0, 19).replace('T', ' ')} ${texts.utc}</time>`;

/** How long ago a moment is, or how far off, with the moment itself as its title. */
export const age = ({ texts, nowMs }: Pick<ConsoleVisit, 'texts' | 'nowMs'>, at: string | null): Content => {
  if (at === null) return texts.never;
  const seconds = (nowMs - Date.parse(at)) / 1000;
  const text = seconds < 0 ? texts.within(texts.duration(-seconds)) : texts.ago(texts.duration(seconds));
  return html`<time datetime="${at}" data-keep title="${at.slice(0, 19).replace('T', ' ')} ${texts.utc}"
    >${text}</time
  >`;
};

/** What the role may not see. */
export const orHidden = (
  { texts }: Pick<ConsoleVisit, 'texts'>,
  value: string | null | undefined,
): Content =>
  value === null || value === undefined
    ? html`<span class="quiet">${texts.hidden}</span>`
    : html`<bdi>${value}</bdi>`;

const LONG_CHARACTERS = 120;

/** Whether a value has a row for itself. */
const isLong = (content: Content): boolean =>
  content instanceof Html && content.text.length > LONG_CHARACTERS && content.text.startsWith('<bdi>');

/** A row of facts: names and values. */
export const facts = (rows: readonly (readonly [string, Content] | undefined)[]): Content =>
  html`<dl class="facts">
    ${rows.map(
      (row) =>
        row !== undefined &&
        html`<div ${isLong(row[1]) && html`class="long"`}>
          <dt>${row[0]}</dt>
          <dd>${row[1]}</dd>
        </div>`,
    )}
  </dl>`;

/** A table that becomes a list of cards on a narrow screen: each cell carries the name of its column. */
export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Content[])[],
): Content =>
  html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map((column) => html`<th scope="col">${column}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell, index) => html`<td data-column="${columns[index] ?? ''}"><div>${cell}</div></td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;

/** A short word with a colour and, for those who see none, its text. */
export const badge = (kind: 'good' | 'bad' | 'warn' | 'plain', text: string): Content =>
  html`<span class="badge ${kind}">${text}</span>`;
