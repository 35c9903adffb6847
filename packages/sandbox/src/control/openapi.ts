import { toJsonSchema } from '@valibot/to-json-schema';
import { SANDBOX_ERRORS } from '../sandbox-error.ts';
import type { ControlRoute, Schema } from './control-route.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const DESCRIPTION = `The control API of the sandbox: worlds, their clocks, grants, faults and journals. What a world itself serves is
described at \`/openapi.json\` below its own URL. An error is a problem of RFC 9457 with a \`remedy\`. An unknown field is refused with the nearest known name.`;

/** Describes the control API, as OpenAPI 3.1 has it, from the schemas by which requests are checked. */
export const createControlOpenApi = (
  routes: readonly ControlRoute[],
  { version, url }: { readonly version: string; readonly url: string },
): JsonSchema => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes)
    (paths[`/_sandbox${route.path}`] ??= {})[route.method.toLowerCase()] = describeRoute(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyfob sandbox',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    tags: tagsOf(routes),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: 'What went wrong, and what to do about it.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
};

const TAGS: Readonly<Record<string, string>> = {
  worlds: 'Issuers of their own, which share nothing.',
  clock: 'The time of a world, and what it brings.',
  grants: 'Grants without a browser, what changes them, and what a token would cause.',
  clients: 'The clients of a world.',
  faults: 'What happens to requests and answers.',
  scenarios: 'Faults and clocks that belong together, by name.',
  journal: 'What came, what was decided, and what reached the client.',
  webhooks: 'Grant events on their way to a URL.',
  about: 'The sandbox itself.',
};

const tagsOf = (routes: readonly ControlRoute[]): readonly JsonSchema[] =>
  [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name, description: TAGS[name] ?? name }));

const PROBLEM: JsonSchema = {
  type: 'object',
  properties: {
    type: {
      type: 'string',
      description: `urn:keyfob:sandbox: and one of ${Object.keys(SANDBOX_ERRORS).join(', ')}.`,
    },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    remedy: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'detail', 'remedy'],
};

const describeRoute = (route: ControlRoute): JsonSchema => {
  const { method, path, summary, tag, body, query, status, answer } = route;
  const parameters = [...pathParameters(path), ...queryParameters(query)];
  return {
    operationId: operationIdOf(method, path),
    summary,
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { content: { 'application/json': { schema: describe(body, 'input') } } },
    }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : summary,
        ...(answer !== undefined && {
          content: { 'application/json': { schema: describe(answer, 'input') } },
        }),
      },
      '4XX': { $ref: '#/components/responses/Problem' },
      '5XX': { $ref: '#/components/responses/Problem' },
    },
  };
};

/** As in `postWorldsWorldClockAdvance`. */
const operationIdOf = (method: string, path: string): string =>
  `${method.toLowerCase()}${path}`.replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );

const pathParameters = (path: string): readonly JsonSchema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const queryParameters = (query: Schema | undefined): readonly JsonSchema[] => {
  if (query === undefined) return [];
  const { properties = {} } = describe(query, 'input') as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
  };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
};

/** Checks that JSON Schema cannot express are in the error texts. */
const describe = (schema: Schema, typeMode: 'input' | 'output'): JsonSchema => {
  const { $schema: _, ...described } = toJsonSchema(schema, { typeMode, errorMode: 'ignore' });
  return described;
};
