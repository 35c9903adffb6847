import type { JsonSchema } from '../../wire/route-description.ts';

const JSON_TYPE = 'application/json';

/** The content of a response in JSON, by the name of its schema. */
export const jsonContent = (schema: string, examples: JsonSchema = {}): JsonSchema => ({
  [JSON_TYPE]: { schema: { $ref: `#/components/schemas/${schema}` }, ...examples },
});

/** The names of the headers of a response, with an example of each. Its type belongs to its content. */
export const describeHeaders = (headers: Readonly<Record<string, string>>): JsonSchema =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== 'Content-Type')
      .map(([name, example]) => [name, { schema: { type: 'string' }, example }]),
  );
