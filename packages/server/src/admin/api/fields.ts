import { Problem } from './problem.ts';

/** A JSON Schema, draft 2020-12, of the part that the admin API uses. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A field of a body or of a query: what it takes, and what it means. */
export type Field = {
  readonly schema: JsonSchema;
  readonly isRequired?: true;
  /** What it is, in one sentence. */
  readonly purpose: string;
};
export type Fields = Readonly<Record<string, Field>>;

export const TEXT = { type: 'string', minLength: 1, maxLength: 500 } as const;
/** A name for people, of something that no owner sees: one line of what can be seen. */
export const NAME = { type: 'string', maxLength: 100, pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]*$' } as const;
export const FLAG = { type: 'boolean' } as const;
export const wholeNumber = (minimum: number, maximum: number): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum,
});
export const oneOf = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
export const textsOf = (items: JsonSchema, maxItems: number): JsonSchema => ({
  type: 'array',
  items,
  maxItems,
});

type Known = {
  readonly type: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Only of what can be seen. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
};

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** What is wrong with a value; `undefined` for nothing. */
export const faultOfValue = (name: string, value: unknown, schema: JsonSchema): string | undefined => {
  const known = schema as Known;
  const types = [known.type].flat();
  if (!types.includes(typeOf(value))) return `${name} must be of type ${types.join(' or ')}`;
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Infinity } = known;
    if (known.enum !== undefined && !known.enum.includes(value))
      return `${name} must be one of ${known.enum.join(', ')}`;
    if (value.length < minLength)
      return minLength === 1 ? `${name} must not be empty` : `${name} has at least ${minLength} characters`;
    if (value.length > maxLength) return `${name} has at most ${maxLength} characters`;
    if (value.includes('\0')) return `${name} must not contain NUL`;
    if (known.pattern !== undefined && !new RegExp(known.pattern, 'u').test(value))
      return `${name} must not contain control or invisible characters`;
  }
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = known;
    if (value < minimum || value > maximum) return `${name} must be from ${minimum} to ${maximum}`;
  }
  if (!Array.isArray(value)) return undefined;
  const { maxItems = Infinity, items = { type: 'string' } } = known;
  if (value.length > maxItems) return `${name} has at most ${maxItems} members`;
  return value
    .map((one: unknown, index) => faultOfValue(`${name}[${index}]`, one, items))
    .find((fault) => fault !== undefined);
};

/** Checks values against their fields. Throws `Problem` with every fault, unknown names among them. */
export const checkFields = (
  values: Readonly<Record<string, unknown>>,
  fields: Fields,
  code: 'request_invalid' | 'body_invalid',
): void => {
  const faults = [
    ...Object.keys(values)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => `unknown ${code === 'body_invalid' ? 'member' : 'parameter'} ${name}`),
    ...Object.entries(fields).flatMap(([name, { schema, isRequired }]) => {
      const value = values[name];
      if (value === undefined) return isRequired === true ? [`${name} is missing`] : [];
      return faultOfValue(name, value, schema) ?? [];
    }),
  ];
  if (faults.length > 0) throw new Problem(code, ...faults);
};

/** Values of a query in the types of their fields. Throws `Problem`, also for a name that is there twice. */
export const readQuery = (query: URLSearchParams, fields: Fields): Readonly<Record<string, unknown>> => {
  // Without a prototype, so that no name means anything here.
  const values = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of query) {
    if (Object.hasOwn(values, name)) throw new Problem('request_invalid', `${name} is there twice`);
    const type = (fields[name]?.schema as Known | undefined)?.type;
    values[name] = type === 'integer' && /^\d{1,16}$/.test(text) ? Number(text) : text;
  }
  checkFields(values, fields, 'request_invalid');
  return values;
};

/** A body of JSON. Throws `Problem`. */
export const readJsonBody = (
  text: string,
  contentType: string | undefined,
  fields: Fields,
): Readonly<Record<string, unknown>> => {
  if (text === '' && Object.values(fields).every(({ isRequired }) => isRequired !== true)) return {};
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? ''))
    throw new Problem('request_invalid', 'Content-Type must be application/json');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('request_invalid', 'the body is not JSON');
  }
  if (typeOf(value) !== 'object') throw new Problem('body_invalid', 'the body must be a JSON object');
  const values = value as Readonly<Record<string, unknown>>;
  checkFields(values, fields, 'body_invalid');
  return values;
};
