import { readFileSync } from 'node:fs';
import type { Dialect } from '../../dialects/dialect.ts';
import { DIALECTS } from '../../dialects/dialects.ts';
import type { JsonSchema, WireDescription } from '../../wire/route-description.ts';
import { describeOperation } from './operation.ts';
import { RFC_ROUTES } from './rfc-routes.ts';
import { SECURITY_SCHEMES } from './security.ts';
import { shareResponses } from './share-responses.ts';

/** A description of the public endpoints, as OpenAPI 3.1 has it. */
export type OpenApiDocument = {
  readonly openapi: string;
  readonly info: JsonSchema;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** Operations by path and, in lower case, method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: {
    readonly securitySchemes: JsonSchema;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, JsonSchema>>;
  };
};

const DESCRIPTION = `OAuth 2.0 for connected cars. A path also works with a slash at its end. \`GET\` answers \`HEAD\` too. Another method
than the ones described is refused with 405, an unknown path with 404, both in the format of their dialect. Scripts in browsers may call what a public client needs (CORS): their preflights, and the headers for them, are not listed. Texts of errors are for people; programs read the status and the code.`;

/**
 * Describes every public endpoint for programs, and those that clients send owners to, from the tables that requests are
 * read and refused with. `issuer` is the URL of the server.
 */
export const createOpenApi = (issuer: string): OpenApiDocument => {
  const dialects: readonly Dialect[] = Object.values(DIALECTS);
  const wires = [...dialects.map((dialect) => dialect.describe(dialect)), RFC_ROUTES];
  const schemas = wires.flatMap((wire) => Object.entries(wire.schemas));
  const { paths, responses } = shareResponses(collectPaths(wires));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyfob',
      version: readVersion(),
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: issuer }],
    tags: wires.map(({ title, purpose }) => ({ name: title, description: purpose })),
    paths,
    components: { securitySchemes: SECURITY_SCHEMES, schemas: Object.fromEntries(schemas), responses },
  };
};

const collectPaths = (wires: readonly WireDescription[]): OpenApiDocument['paths'] => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const { title, routes } of wires)
    for (const [name, route] of Object.entries(routes)) {
      const [method = '', path = ''] = name.split(' ');
      (paths[path] ??= {})[method.toLowerCase()] = describeOperation(name, route, title);
    }
  return paths;
};

const readVersion = (): string =>
  (
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      readonly version: string;
    }
  ).version;
