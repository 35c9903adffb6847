import { fieldsOf, renderFields } from './api-fields.ts';
import type { Schema } from './api-fields.ts';
import { escapeHtml, renderInline, renderText } from './html.ts';

type Content = Readonly<
  Record<
    string,
    {
      readonly schema: Schema;
      readonly example?: unknown;
      readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
    }
  >
>;

/** An answer, as OpenAPI has it. */
export type ApiResponse = {
  readonly $ref?: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
};

/** An operation, as OpenAPI has it, with its method in upper case and its path. */
export type ApiOperation = {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, ApiResponse>>;
};

/** An operation with its parameters, its body and its answers. `resolve` finds what a `$ref` of a response stands for. */
export const renderOperation = (
  operation: ApiOperation,
  resolve: (response: ApiResponse) => ApiResponse,
): string => {
  const { method, path, operationId, summary, parameters = [], requestBody, responses } = operation;
  const fields = parameters.map(({ name, in: place, required, description, schema }) => ({
    name,
    isRequired: required,
    schema,
    purpose: description,
    place,
  }));
  return `<article id="${operationId}">
<h3><a href="#${operationId}"><code><span class="${method}">${method}</span> ${escapeHtml(path)}</code></a></h3>
<p>${escapeHtml(summary)}.</p>
<p class="about">${renderSecurity(operation)}</p>
${fields.length === 0 ? '' : `<h4>Parameters</h4>${renderFields(fields)}`}
${requestBody === undefined ? '' : renderBody(requestBody.content)}
<h4>Answers</h4>
${Object.entries(responses)
  .map(([status, response]) => renderResponse(status, resolve(response)))
  .join('\n')}
</article>`;
};

const renderSecurity = ({ security, requestBody }: ApiOperation): string => {
  const names = new Set(security.map((one) => Object.keys(one)[0]));
  if (names.has('accessToken')) return 'Needs an access token (Bearer).';
  const inBody = JSON.stringify(requestBody ?? {}).match(/client_?(?:Secret|secret)/) !== null;
  if (names.has('clientBasic'))
    return names.has(undefined)
      ? 'The client authenticates by HTTP Basic or in the body.'
      : 'The client authenticates by HTTP Basic.';
  return inBody ? 'The client authenticates in the body.' : 'Needs no authentication.';
};

const renderBody = (content: Content): string =>
  Object.entries(content)
    .map(([mediaType, { schema }]) => {
      const kinds = schema.oneOf ?? [schema];
      const parts = kinds.map((kind) => {
        const title = kinds.length > 1 ? `<h5><code>${escapeHtml(kind.title ?? '')}</code></h5>` : '';
        return `${title}${renderFields(fieldsOf(kind))}`;
      });
      return `<h4>Body: <code>${escapeHtml(mediaType)}</code></h4>${parts.join('')}`;
    })
    .join('');

/** What an answer is, in a line: its text, or the codes of an error. */
const renderBrief = (description: string): string => {
  const [first = '', ...others] = description.split('\n').map((line) => line.replace(/^- /, ''));
  if (others.length === 0) return renderInline(first);
  const codes = new Set([first, ...others].map((line) => /^`([^`]+)`/.exec(line)?.[1] ?? ''));
  return [...codes].map((one) => `<code>${escapeHtml(one)}</code>`).join(', ');
};

const renderResponse = (status: string, { description, headers = {}, content = {} }: ApiResponse): string => {
  const parts = Object.values(content).map(({ schema, example, examples = {} }) => {
    const name = schema.$ref?.split('/').at(-1);
    const [sample] = example === undefined ? Object.values(examples).map(({ value }) => value) : [example];
    return `${name === undefined ? '' : `<p>Schema: <a href="#${name}"><code>${name}</code></a></p>`}${
      sample === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(sample, null, 2))}</pre>`
    }`;
  });
  const names = Object.keys(headers).map((name) => `<code>${escapeHtml(name)}</code>`);
  const more = [
    description.includes('\n') ? renderText(description) : '',
    names.length === 0 ? '' : `<p>Headers: ${names.join(', ')}</p>`,
    ...parts,
  ].join('');
  const brief = `<span class="status s${status.charAt(0)}">${status}</span> ${renderBrief(description)}`;
  return more === ''
    ? `<details><summary>${brief}</summary><div><p>No body.</p></div></details>`
    : `<details><summary>${brief}</summary><div>${more}</div></details>`;
};
