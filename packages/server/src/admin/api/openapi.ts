import { PERMISSIONS } from '../../operators/role.ts';
import type { ApiRoute } from './api-route.ts';
import { REASON_FIELD } from './reason-field.ts';
import type { Fields, JsonSchema } from './fields.ts';
import { PROBLEMS } from './problem.ts';
import type { ProblemCode } from './problem.ts';
import { PACKAGE_VERSION } from '../../package-version.ts';
import { SCHEMAS } from './schemas.ts';

const DESCRIPTION = `What operators do, on the admin listener. A request carries an operator key as a bearer token
(\`keyfob operator key add\`). Each operation names the least role that may use it: viewer, support, operator, admin. A viewer gets
\`null\` instead of subjects, VINs and addresses. Every write carries a reason and has an entry in the audit log before it is done; so
has every look at a grant. One key or person holds at most 4 streams at once; developers write and look at a pace; a webhook gets a few
tests. What is too often is answered 429 with \`Retry-After\`. With \`Idempotency-Key\`, a write is done at most once in 24 hours.`;

const TAGS: Readonly<Record<ApiRoute['tag'], string>> = {
  Grants: 'What owners allowed clients: find, see, revoke, reinstate.',
  Clients: 'Third-party apps, their policies and their secrets.',
  Events: 'What happened to grants, and what happens now.',
  Webhooks: 'Receivers of grant events, and the deliveries to them.',
  Jobs: 'Changes of every grant that a filter finds.',
  Keys: 'What tokens are sealed and signed with.',
  Operations: 'What a node finds of itself.',
  Operators: 'Who may use this API.',
  Audit: 'What operators did and looked at.',
};

/** Describes the admin API, from the table that requests are read with. */
export const createAdminOpenApi = (routes: readonly ApiRoute[]) => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = describe(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyfob admin API',
      version: PACKAGE_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ operatorKey: [] }],
    paths,
    components: {
      securitySchemes: { operatorKey: { type: 'http', scheme: 'bearer' } },
      schemas: SCHEMAS,
    },
  };
};

const describe = (route: ApiRoute): JsonSchema => {
  const { method, path, tag, summary, permission, action, query = {}, body, answers } = route;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...parametersOf(query, 'query'),
    ...(action === undefined ? [] : WRITE_HEADERS),
  ];
  const fields = action === undefined ? body : { ...body, reason: REASON_FIELD };
  return {
    operationId: `${method} ${path}`
      .toLowerCase()
      .replace(/[^a-z0-9]+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    description: `Least role: ${PERMISSIONS[permission]} (\`${permission}\`). ${describeOwn(route)}`,
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: jsonOf(schemaOf(fields ?? {})) } }),
    responses: {
      [answers.status]: {
        description: answers.status === 204 ? 'It is done.' : 'The answer.',
        ...(answers.schema !== undefined && {
          content: jsonOf({ $ref: `#/components/schemas/${answers.schema}` }),
        }),
        ...(answers.type !== undefined && { content: { [answers.type]: { schema: { type: 'string' } } } }),
      },
      ...problemsOf(route),
    },
  };
};

/** What a developer may do of an operation. */
const describeOwn = ({ own }: ApiRoute): string => {
  if (own === undefined) return 'Not for developers.';
  const fields = own.fields === undefined ? '' : `, with no other members than ${own.fields.join(', ')}`;
  return `A developer does it with own clients${fields}.`;
};

const WRITE_HEADERS = [
  {
    name: 'Keyfob-Reason',
    in: 'header',
    required: false,
    description: 'The reason, percent-encoded, where it is not in the body.',
    schema: REASON_FIELD.schema,
  },
  {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The write is done at most once in 24 hours for each key. With another body the key is refused (`key_of_another_write`).',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  },
];

const parametersOf = (fields: Fields, where: string) =>
  Object.entries(fields).map(([name, { schema, isRequired = false, purpose }]) => ({
    name,
    in: where,
    required: isRequired,
    description: purpose,
    schema,
  }));

const schemaOf = (fields: Fields): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, { schema, purpose }]) => [name, { ...schema, description: purpose }]),
  ),
  required: Object.entries(fields).flatMap(([name, { isRequired }]) => (isRequired === true ? [name] : [])),
  additionalProperties: false,
});

const jsonOf = (schema: JsonSchema) => ({ 'application/json': { schema } });

/** The problems that an operation may answer, by status. */
const problemsOf = ({ action, answers, body, own }: ApiRoute): Readonly<Record<string, JsonSchema>> => {
  const codes: readonly ProblemCode[] = [
    'request_invalid',
    'not_authenticated',
    'not_permitted',
    'not_found',
    ...(action === undefined
      ? []
      : (['reason_missing', 'conflict', 'already_asked', 'key_of_another_write'] as const)),
    ...(body === undefined ? [] : (['body_invalid'] as const)),
    ...(answers.status === 201 ? (['too_many'] as const) : []),
    ...(own === undefined && answers.type === undefined ? [] : (['too_often'] as const)),
    ...(answers.type === undefined ? [] : (['streams_full'] as const)),
    'store_unavailable',
  ];
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code][0]);
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      String(status),
      {
        description: some.map((code) => `${PROBLEMS[code][1]} (\`${code}\`).`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
};
