import type { JsonSchema } from './fields.ts';

/** The parts that the schemas of answers are made of. */
export const T = { type: 'string' } as const;
export const N = { type: 'integer' } as const;
export const B = { type: 'boolean' } as const;
export const O = { type: 'object' } as const;
export const NULL = { type: 'null' } as const;
export const AT = { type: 'string', format: 'date-time' } as const;
export const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, NULL] });
export const oneOf = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
export const object = (members: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties: members,
  required: Object.keys(members),
  additionalProperties: false,
});
export const page = (name: string, items: string): JsonSchema =>
  object({ [name]: list(ref(items)), next: orNull(T) });
