import { escapeHtml } from './html.ts';

/** A JSON Schema, as far as the page shows it. */
export type Schema = {
  readonly $ref?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};

/** One value of a request; `place` is where it stands, if not in the body. */
export type Field = {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: Schema;
  readonly purpose: string;
  readonly place?: string;
};

/** The values of a request, one below the other, so that they fit a phone. */
export const renderFields = (fields: readonly Field[]): string =>
  `<ul class="fields">${fields.map(renderField).join('\n')}</ul>`;

/** The fields of a schema of an object. */
export const fieldsOf = ({ properties = {}, required = [] }: Schema): readonly Field[] =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    isRequired: required.includes(name),
    schema,
    purpose: schema.description ?? '',
  }));

const renderField = ({ name, isRequired, schema, purpose, place }: Field): string => {
  const what = [renderValue(schema), ...(place === undefined ? [] : [`in the ${escapeHtml(place)}`])];
  return `<li><code>${escapeHtml(name)}</code><span class="value">${what.join(', ')}</span>${
    isRequired ? '<span class="required">required</span>' : ''
  }<p>${escapeHtml(purpose)}</p></li>`;
};

const code = (value: unknown): string => `<code>${escapeHtml(JSON.stringify(value))}</code>`;

const renderValue = (schema: Schema): string => {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.items !== undefined) return `list of ${renderValue(schema.items)}`;
  const bounds = [
    schema.format,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
    schema.minimum === undefined ? undefined : `at least ${schema.minimum}`,
    schema.pattern === undefined ? undefined : `<code>${escapeHtml(schema.pattern)}</code>`,
  ];
  return [[schema.type].flat().join(' or '), ...bounds].filter(Boolean).join(', ');
};
