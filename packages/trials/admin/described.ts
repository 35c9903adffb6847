import assert from 'node:assert/strict';
import { describeAdminApi } from '@keyfob/server/operators';
import { Ajv2020 } from 'ajv/dist/2020.js';

const DOCUMENT = describeAdminApi();

const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
});
ajv.addSchema(DOCUMENT, 'document');

type Described = {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
};

const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
    isExact: !path.includes('{'),
    operation: operation as unknown as Described,
  })),
);

/** Asserts that an answer of the admin API is one that its description has. */
export const assertDescribed = (method: string, target: string, status: number, body: unknown): void => {
  const path = target.split('?', 1)[0] ?? '';
  const found = OPERATIONS.filter((one) => one.method === method && one.pattern.test(path));
  const operation = (found.find(({ isExact }) => isExact) ?? found[0])?.operation;
  // A path or a method that there is not has no description.
  if (operation === undefined) return;
  const response = operation.responses[String(status)];
  assert.ok(response, `${method} ${path} does not describe ${status}`);
  const [content] = Object.values(response.content ?? {});
  if (content === undefined) return;
  const schema = JSON.parse(
    JSON.stringify(content.schema).replaceAll('"#/components/', '"document#/components/'),
  ) as object;
  const isValid = ajv.validate(schema, body);
  assert.ok(isValid, `${method} ${path} ${status}: ${ajv.errorsText()}: ${JSON.stringify(body)}`);
};
