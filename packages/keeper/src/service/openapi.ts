import { toJsonSchema } from '@valibot/to-json-schema';
import { PROBLEMS, problemType } from './problem.ts';
import type { ProblemCode } from './problem.ts';
import type { DescribedAnswer, Schema, ServiceRoute } from './route.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const DESCRIPTION = `A valid access token for each car, now. A key of the service goes into \`Authorization: Bearer\`. Names are percent-encoded, so that
any character can be in them. Moments are RFC 3339. What is not answered as wished is a problem of RFC 9457 with a \`remedy\`.`;

const TAGS: Readonly<Record<string, string>> = {
  tokens: 'Access tokens.',
  grants: 'Connections and their grants. No answer has a token.',
  about: 'The service itself.',
};

/** Problems that every route with a key can answer. */
const OF_KEYS: readonly ProblemCode[] = [
  'key_missing',
  'key_refused',
  'scope_missing',
  'too_many_wrong_keys',
  'store_unavailable',
];
const OF_BODIES: readonly ProblemCode[] = ['media_type_unsupported', 'body_too_large', 'body_not_json'];
const OF_ALL: readonly ProblemCode[] = ['input_invalid', 'internal', 'stopping'];

/** Describes the service, as OpenAPI 3.1 has it, from the table by which it answers. */
export const createOpenApi = (routes: readonly ServiceRoute[], version: string): JsonSchema => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = describeRoute(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyfob keeper',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM },
    },
  };
};

const PROBLEM: JsonSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: Object.keys(PROBLEMS).map((code) => problemType(code as ProblemCode)) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    remedy: { type: 'string' },
    cause: { type: 'string', description: 'Why an owner must consent, or why there is no token.' },
    since: { type: 'string', format: 'date-time' },
    reconnect: { type: ['string', 'null'], description: 'Where the owner consents again.' },
    retry_at: { type: 'string', format: 'date-time' },
    code: { type: 'string', description: 'What is wrong with the pair that was given.' },
  },
  required: ['type', 'title', 'status', 'detail', 'remedy'],
  additionalProperties: false,
};

/** Every problem that a route can answer. */
const problemsOf = ({ scope, body, streamed, problems }: ServiceRoute): readonly ProblemCode[] => [
  ...OF_ALL,
  ...(scope === undefined ? [] : OF_KEYS),
  ...(body === undefined && streamed === undefined ? [] : OF_BODIES),
  ...problems,
];

/** Every status that a route can answer with. */
export const statusesOf = (route: ServiceRoute): readonly number[] => [
  ...new Set([
    ...Object.keys(route.answers).map(Number),
    ...problemsOf(route).map((code) => PROBLEMS[code][0]),
  ]),
];

const describeRoute = (route: ServiceRoute): JsonSchema => {
  const { method, path, tag, summary, description, scope, answers } = route;
  const parameters = [...pathParameters(path), ...queryParameters(route.query)];
  const body = bodyOf(route);
  const responses: Record<string, JsonSchema> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = describeAnswer(answer);
  for (const [status, codes] of byStatus(problemsOf(route)))
    responses[status] = withProblems(responses[status], codes);
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    security: scope === undefined ? [] : [{ key: [scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses,
  };
};

const bodyOf = ({ body, streamed }: ServiceRoute): JsonSchema | undefined => {
  const schema = body ?? streamed?.schema;
  if (schema === undefined) return undefined;
  const mediaType = streamed?.mediaType ?? 'application/json';
  return { required: true, content: { [mediaType]: { schema: describe(schema) } } };
};

const describeAnswer = ({
  description,
  schema,
  mediaType = 'application/json',
}: DescribedAnswer): JsonSchema => ({
  description,
  ...(schema === undefined ? {} : { content: { [mediaType]: { schema: describe(schema) } } }),
});

const byStatus = (codes: readonly ProblemCode[]): ReadonlyMap<number, readonly ProblemCode[]> => {
  const statuses = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const [status] = PROBLEMS[code];
    statuses.set(status, [...(statuses.get(status) ?? []), code]);
  }
  return statuses;
};

/** A status may have an answer of its own and problems: they differ by media type. */
const withProblems = (answer: JsonSchema | undefined, codes: readonly ProblemCode[]): JsonSchema => {
  const meanings = codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`).join(' ');
  const headers = {
    'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'string' } },
  };
  const isForLater = codes.some((code) => PROBLEMS[code][0] === 429 || PROBLEMS[code][0] === 503);
  return {
    description: answer === undefined ? meanings : `${String(answer['description'])} ${meanings}`,
    ...(isForLater ? { headers } : {}),
    content: {
      ...(answer?.['content'] as JsonSchema | undefined),
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: { type: { enum: codes.map(problemType) } } },
          ],
        },
      },
    },
  };
};

/** As in `getV1TokensName`. */
const operationIdOf = (method: string, path: string): string =>
  `${method.toLowerCase()}${path}`.replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );

const pathParameters = (path: string): readonly JsonSchema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: 'The name of a connection, percent-encoded.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  }));

const queryParameters = (query: Schema | undefined): readonly JsonSchema[] => {
  if (query === undefined) return [];
  const { properties = {} } = describe(query) as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
  };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
};

/** Checks that JSON Schema cannot express are in the texts of problems. */
const describe = (schema: Schema): JsonSchema => {
  const { $schema: _, ...described } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return described;
};
