import { html } from './html.ts';
import type { Content } from './html.ts';

/** What was sent with a form that was refused. */
export type Filled = (name: string) => string;

/** A form that is sent to an action of a world. */
export const actionForm = (
  world: string,
  action: string,
  content: Content,
  options: { readonly className?: string } = {},
): Content =>
  html`<form method="post" action="/_sandbox/page/${world}/${action}" class="${options.className ?? 'stack'}">
    ${content}
  </form>`;

/** A field with its label. */
export const textField = (field: {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly example?: string;
  readonly numeric?: boolean;
}): Content => {
  const { id, name, label, value = '', example = '', numeric = false } = field;
  return html`<p class="field">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      value="${value}"
      placeholder="${example}"
      inputmode="${numeric ? 'decimal' : 'text'}"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
    />
  </p>`;
};

export type Option = { readonly value: string; readonly label: string; readonly group?: string };

/** A choice with its label. */
export const selectField = (field: {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly options: readonly Option[];
  readonly value?: string;
}): Content => {
  const { id, name, label, options, value } = field;
  const groups = [...new Set(options.map(({ group }) => group))];
  const render = (one: Option): Content =>
    html`<option value="${one.value}" ${one.value === value && html`selected`}>${one.label}</option>`;
  return html`<p class="field">
    <label for="${id}">${label}</label>
    <select id="${id}" name="${name}">
      ${groups.map((group) => {
        const inside = options.filter((one) => one.group === group).map(render);
        return group === undefined ? inside : html`<optgroup label="${group}">${inside}</optgroup>`;
      })}
    </select>
  </p>`;
};
