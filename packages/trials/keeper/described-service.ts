import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ServiceAnswer } from './ask-service.ts';

type Schema = Readonly<Record<string, unknown>>;
type Response = {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
};

/** A description of the service, as far as tests read it. */
export type Document = {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
};

/** Holds answers to a description. */
export const createChecker = (
  document: Document,
): ((method: string, target: string, answer: ServiceAnswer) => void) => {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
  });
  ajv.addSchema(document, 'document');
  const assertValid = (schema: Schema, value: unknown, where: string): void => {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
    const validate = ajv.compile(JSON.parse(text) as Schema);
    assert.ok(validate(value), `${where}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
  };
  const paths = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (method, target, { status, headers, text, body }) => {
    const [called = ''] = target.split('?', 1);
    const path = paths.find(({ pattern }) => pattern.test(called))?.path;
    const operation = document.paths[path ?? '']?.[method.toLowerCase()];
    if (operation === undefined) return assert.ok(status === 404 || status === 405, `${method} ${target}`);
    const where = `${method} ${path} ${status}`;
    const response = operation.responses[status] ?? assert.fail(`${where} is not described`);
    if (response.content === undefined) return assert.equal(text, '', where);
    const mediaType = headers.get('content-type')?.split(';', 1)[0] ?? '';
    const described = response.content[mediaType] ?? assert.fail(`${where} answers ${mediaType}`);
    if (mediaType === 'application/x-ndjson')
      for (const line of text.trim().split('\n')) assertValid(described.schema, JSON.parse(line), where);
    else if (mediaType.endsWith('json')) assertValid(described.schema, body, where);
    if (response.headers?.['Retry-After'] !== undefined && (status === 429 || status === 503))
      if (mediaType === 'application/problem+json')
        assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/, where);
  };
};
