import type { OpenApiDocument } from '@keyfob/server/wire';
import { renderOperation } from './api-operation.ts';
import type { ApiOperation, ApiResponse } from './api-operation.ts';
import { API_STYLE } from './api-style.ts';
import { escapeHtml, renderText } from './html.ts';

/**
 * The description of the endpoints as one page of HTML. It has no script, and its policy lets a browser fetch nothing, so it
 * can be opened from a disk or served anywhere.
 */
export const renderApiPage = (document: OpenApiDocument): string => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): ApiOperation => ({
      ...(operation as Omit<ApiOperation, 'method' | 'path'>),
      method: method.toUpperCase(),
      path,
    })),
  );
  const ofTag = (tag: string) => operations.filter(({ tags }) => tags.includes(tag));
  const resolve = (response: ApiResponse): ApiResponse => {
    const name = response.$ref?.split('/').at(-1);
    return name === undefined ? response : (document.components.responses[name] as ApiResponse);
  };
  const { title = '', version = '', description = '' } = document.info as Readonly<Record<string, string>>;
  const contents = document.tags.map(
    ({ name }) => `<h2>${escapeHtml(name)}</h2><ul>${ofTag(name).map(renderLink).join('\n')}</ul>`,
  );
  const sections = document.tags.map(({ name, description: purpose }) => {
    const parts = ofTag(name).map((one) => renderOperation(one, resolve));
    return `<section><h2>${escapeHtml(name)}</h2>${renderText(purpose)}${parts.join('\n')}</section>`;
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<article id="${name}"><h3><code>${name}</code></h3><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></article>`,
  );
  return `<!doctype html>
<!-- Written by \`npm run docs\`. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}: endpoints</title>
<style>${API_STYLE}</style>
</head>
<body>
<nav aria-label="Endpoints">
<h1>${escapeHtml(title)} ${escapeHtml(version)}: endpoints</h1>
${contents.join('\n')}<h2><a href="#schemas">Schemas</a></h2></nav>
<main>
${renderText(description)}
${sections.join('\n')}
<section id="schemas"><h2>Schemas</h2>
${schemas.join('\n')}
</section>
</main>
</body>
</html>
`;
};

const renderLink = ({ method, path, operationId, summary }: ApiOperation): string =>
  `<li><a href="#${operationId}" title="${escapeHtml(summary)}"><code><span class="${method}">${method}</span> ${escapeHtml(path)}</code></a></li>`;
