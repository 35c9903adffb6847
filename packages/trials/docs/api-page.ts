import type { OpenApiDocument } from '@keyfob/server/wire';

type Schema = {
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
type Response = {
  readonly $ref?: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
};
type Operation = {
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
  readonly responses: Readonly<Record<string, Response>>;
};
type Named = { readonly name: string; readonly operation: Operation };

/**
 * The description of the endpoints as one page of HTML. It has no script, and its policy lets a browser fetch nothing, so it
 * can be opened from a disk or served anywhere.
 */
export const renderApiPage = (document: OpenApiDocument): string => {
  const operations: readonly Named[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation: operation as Operation,
    })),
  );
  const ofTag = (tag: string) => operations.filter(({ operation }) => operation.tags.includes(tag));
  const { title = '', version = '', description = '' } = document.info as Readonly<Record<string, string>>;
  const contents = document.tags.map(
    ({ name }) => `<li>${escapeHtml(name)}<ul>${ofTag(name).map(renderLink).join('')}</ul></li>`,
  );
  const sections = document.tags.map(
    ({ name, description: purpose }) =>
      `<section><h2>${escapeHtml(name)}</h2>${renderText(purpose)}${ofTag(name)
        .map((one) => renderOperation(one, document))
        .join('')}</section>`,
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<h3 id="${name}"><code>${name}</code></h3><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`,
  );
  return `<!doctype html>
<!-- Written by \`npm run docs\`. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}: endpoints</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)} ${escapeHtml(version)}: endpoints</h1>
${renderText(description)}
<nav><ul>${contents.join('\n')}</ul></nav>
${sections.join('\n')}
<section><h2>Schemas</h2>
${schemas.join('\n')}
</section>
</body>
</html>
`;
};

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 6px; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid #8886; }
h3 { margin-top: 2.5rem; }
summary { cursor: pointer; padding: 0.25rem 0; }
`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Text with code in backticks; lines that begin with a dash are a list. */
const renderText = (text: string): string => {
  const lines = text.split('\n').map((line) => escapeHtml(line).replace(/`([^`]+)`/g, '<code>$1</code>'));
  if (!text.startsWith('- ')) return `<p>${lines.join(' ')}</p>`;
  return `<ul>${lines.map((line) => `<li>${line.slice(2)}</li>`).join('')}</ul>`;
};

const renderLink = ({ name, operation: { operationId, summary } }: Named): string =>
  `<li><a href="#${operationId}"><code>${escapeHtml(name)}</code></a> ${escapeHtml(summary)}</li>`;

const renderOperation = ({ name, operation }: Named, document: OpenApiDocument): string => {
  const { operationId, summary, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name: parameter, in: place, required, description, schema }) =>
      `${row(parameter, required, schema, description)}<td>${escapeHtml(place)}</td></tr>`,
  );
  return `<h3 id="${operationId}"><code>${escapeHtml(name)}</code></h3>
<p>${escapeHtml(summary)}. ${renderSecurity(operation)}</p>
${rows.length === 0 ? '' : `<h4>Parameters</h4>${table([...COLUMNS, 'in'], rows)}`}
${requestBody === undefined ? '' : renderBody(requestBody.content)}
<h4>Answers</h4>
${Object.entries(responses)
  .map(([status, response]) => renderResponse(status, resolve(response, document)))
  .join('\n')}`;
};

const resolve = (response: Response, { components }: OpenApiDocument): Response => {
  const name = response.$ref?.split('/').at(-1);
  return name === undefined ? response : (components.responses[name] as Response);
};

const renderSecurity = ({ security, requestBody }: Operation): string => {
  const names = new Set(security.map((one) => Object.keys(one)[0]));
  if (names.has('accessToken')) return 'Needs an access token (Bearer).';
  const inBody = JSON.stringify(requestBody ?? {}).match(/client_?(?:Secret|secret)/) !== null;
  if (names.has('clientBasic'))
    return names.has(undefined)
      ? 'The client authenticates by HTTP Basic or in the body.'
      : 'The client authenticates by HTTP Basic.';
  return inBody ? 'The client authenticates in the body.' : '';
};

const COLUMNS = ['name', 'required', 'value', 'meaning'];

const table = (head: readonly string[], rows: readonly string[]): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;

/** A row, still open. */
const row = (name: string, isRequired: boolean, schema: Schema, meaning: string): string =>
  `<tr><td><code>${escapeHtml(name)}</code></td><td>${isRequired ? 'yes' : ''}</td><td>${renderValue(schema)}</td><td>${escapeHtml(meaning)}</td>`;

const renderValue = (schema: Schema): string => {
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined)
    return schema.enum.map((one) => `<code>${escapeHtml(JSON.stringify(one))}</code>`).join(', ');
  if (schema.items !== undefined) return `list of ${renderValue(schema.items)}`;
  const bounds = [
    schema.format,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
    schema.minimum === undefined ? undefined : `at least ${schema.minimum}`,
    schema.pattern === undefined ? undefined : `<code>${escapeHtml(schema.pattern)}</code>`,
  ];
  return [[schema.type].flat().join(' or '), ...bounds].filter(Boolean).join(', ');
};

const renderBody = (content: Content): string =>
  Object.entries(content)
    .map(([mediaType, { schema }]) => {
      const kinds = schema.oneOf ?? [schema];
      const tables = kinds.map(({ title = '', properties = {}, required = [] }) => {
        const rows = Object.entries(properties).map(
          ([name, field]) => `${row(name, required.includes(name), field, field.description ?? '')}</tr>`,
        );
        return `${kinds.length > 1 ? `<p><code>${escapeHtml(title)}</code></p>` : ''}${table(COLUMNS, rows)}`;
      });
      return `<h4>Body: <code>${escapeHtml(mediaType)}</code></h4>${tables.join('')}`;
    })
    .join('');

const renderResponse = (status: string, { description, headers = {}, content = {} }: Response): string => {
  const parts = Object.values(content).map(({ schema, example, examples = {} }) => {
    const name = schema.$ref?.split('/').at(-1);
    const samples = [
      ...(example === undefined ? [] : [example]),
      ...Object.values(examples).map(({ value }) => value),
    ];
    const [first] = samples;
    return `${name === undefined ? '' : `<p>Schema: <a href="#${name}"><code>${name}</code></a></p>`}${
      first === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(first, null, 2))}</pre>`
    }`;
  });
  const names = Object.keys(headers).map((name) => `<code>${escapeHtml(name)}</code>`);
  const isList = description.startsWith('- ');
  return `<details><summary><code>${status}</code>${isList ? '' : ` ${escapeHtml(description)}`}</summary>${
    isList ? renderText(description) : ''
  }${names.length === 0 ? '' : `<p>Headers: ${names.join(', ')}</p>`}${parts.join('')}</details>`;
};
