import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { createOpenApi } from '@keyfob/server/wire';

/** A response as a test has it; `body` is parsed where it is JSON. */
type Response = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
};

type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly example?: unknown; readonly examples?: object }>
>;
type DescribedResponse = {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
};
type Parameter = {
  readonly name: string;
  readonly in: 'header' | 'query' | 'path';
  readonly required: boolean;
  readonly schema: Schema;
};

/** An operation of the description, as far as tests read it. */
export type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, DescribedResponse>>;
};

/** The description of the endpoints of a server. */
export const DOCUMENT = createOpenApi('https://fob.example');

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: {
    uuid: UUID,
    uri: (text) => URL.canParse(text),
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  },
});
ajv.addSchema(DOCUMENT, 'document');

/** Every operation, by its method in upper case and the pattern of its path. */
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+')}$`),
    operation: operation as Operation,
  })),
);

/** The names of the described routes, as in `POST /oauth/token`. */
export const DESCRIBED_ROUTES = OPERATIONS.map(({ method, path }) => `${method} ${path}`);

/** The operation that a request is for; `undefined` for a path or a method that is not described. */
export const findOperation = (method: string, target: string): Operation | undefined => {
  const path = (target.split('?', 1)[0] ?? '').replace(/(.)\/$/, '$1');
  const wanted = method === 'HEAD' ? 'GET' : method;
  return OPERATIONS.find((one) => one.method === wanted && one.pattern.test(path))?.operation;
};

/** The validators that were made, by the text of their schema. */
const validators = new Map<string, ValidateFunction>();

const validatorOf = (schema: unknown): ValidateFunction => {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
  const validate = validators.get(text) ?? ajv.compile(JSON.parse(text) as Schema);
  validators.set(text, validate);
  return validate;
};

/** Asserts that a value is as a schema says; `$ref`s are those of the document. */
export const assertValid = (schema: unknown, value: unknown, where: string): void => {
  const validate = validatorOf(schema);
  const isValid = validate(value);
  assert.ok(isValid, `${where}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
};

/** The response of an operation to a status, a shared one resolved. */
const findResponse = ({ responses }: Operation, status: number): DescribedResponse | undefined => {
  const response = responses[status];
  const name = response?.$ref?.split('/').at(-1);
  return name === undefined ? response : DOCUMENT.components.responses[name];
};

/** Headers that belong to the connection or to the content, and those for scripts of other origins (CORS). */
const UNDESCRIBED_HEADERS =
  /^(?:content-(?:type|length)|connection|keep-alive|date|transfer-encoding|vary|access-control-.+)$/i;

/** Whether an error has one of these codes as a value, wherever its dialect writes it. */
const hasCode = (body: unknown, codes: readonly string[]): boolean =>
  codes.some((code) => JSON.stringify(body).includes(`:${JSON.stringify(code)}`));

const headerNamesOf = (headers: object): string[] =>
  Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => !UNDESCRIBED_HEADERS.test(name));

/** Asserts that every header is described, and every described one is sent. A page or a redirect may have more. */
const assertHeaders = (
  { headers: described = {}, content }: DescribedResponse,
  headers: Response['headers'],
  where: string,
): void => {
  const sent = headerNamesOf(headers);
  const isPage = content?.['text/html'] !== undefined || 'Location' in described;
  // Those who send no proofs get no nonce.
  const wanted = headerNamesOf(described).filter((name) => name !== 'dpop-nonce' || sent.includes(name));
  const compared = isPage ? sent.filter((name) => wanted.includes(name)) : sent;
  assert.deepEqual(compared.sort(), wanted.sort(), `${where}: headers`);
};

/** Asserts that the status of a response is described for the operation, with its headers, its body and, of an error, its code. */
export const assertDescribed = (operation: Operation, { status, body, headers }: Response): void => {
  const { operationId } = operation;
  const where = `${operationId} ${status}`;
  const response = findResponse(operation, status);
  assert.ok(response !== undefined, `${operationId} answers ${status}, which is not described`);
  assertHeaders(response, headers, where);
  const json = response.content?.['application/json'];
  if (json === undefined)
    return assert.ok(response.content !== undefined || body === '', `${where} has a body`);
  assertValid(json.schema, body, where);
  if (status >= 400)
    assert.ok(hasCode(body, Object.keys(json.examples ?? {})), `${where}: ${JSON.stringify(body)}`);
};
