import * as v from 'valibot';
import { nearestName } from '@keyfob/server';
import { SandboxError } from './sandbox-error.ts';

/**
 * The value with its defaults filled in. Throws `SandboxError` `input_invalid` that names every field that is wrong, and for
 * an unknown one the nearest that there is.
 */
export const parseInput = <Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> => {
  refuseDroppedNames(input);
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new SandboxError(
    'input_invalid',
    result.issues.map((issue) => describeIssue(issue, schema)).join('; '),
    'Correct the named fields. /_sandbox/openapi.json describes every request.',
  );
};

/** Names that the schema library drops without a word: what was asked for would be missing. */
const DROPPED_NAMES = ['__proto__', 'constructor', 'prototype'] as const;

const refuseDroppedNames = (input: unknown): void => {
  if (Array.isArray(input))
    throw new SandboxError('input_invalid', 'the body is a list', 'Send one JSON object.');
  const open: unknown[] = [input];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const name = DROPPED_NAMES.find((one) => Object.hasOwn(value, one));
    if (name !== undefined)
      throw new SandboxError('input_invalid', `${name} cannot be a name`, 'Choose another name.');
    open.push(...Object.values(value).filter((inner) => inner !== undefined));
  }
};

const describeIssue = (issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string => {
  const path = v.getDotPath(issue) ?? '';
  if (issue.type !== 'strict_object' || issue.expected !== 'never')
    return `${path === '' ? 'the body' : path}: ${issue.message}`;
  const nearest = nearestName(path.split('.').at(-1) ?? '', namesIn(schema));
  return `unknown field ${path}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`;
};

const NESTING_MAX = 8;

/** Every name of a member, at any depth. */
const namesIn = (schema: unknown, depth = 0): readonly string[] => {
  if (typeof schema !== 'object' || schema === null || depth > NESTING_MAX) return [];
  const { entries, wrapped, options, item } = schema as {
    readonly entries?: Readonly<Record<string, unknown>>;
    readonly wrapped?: unknown;
    readonly options?: readonly unknown[];
    readonly item?: unknown;
  };
  return [
    ...Object.entries(entries ?? {}).flatMap(([name, inner]) => [name, ...namesIn(inner, depth + 1)]),
    ...namesIn(wrapped, depth + 1),
    ...(options ?? []).flatMap((inner) => namesIn(inner, depth + 1)),
    ...namesIn(item, depth + 1),
  ];
};
