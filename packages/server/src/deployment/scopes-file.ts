import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { DataName } from '../clients/data-names.ts';
import { SCOPE_KINDS } from '../clients/scopes.ts';
import type { DeploymentScope } from '../clients/scopes.ts';
import { OperatorError } from '../errors.ts';
import { LANGUAGES } from '../language.ts';
import { nearestName } from '../nearest-name.ts';

const FILE_KEYS = ['scopes', 'data'] as const;
const SCOPE_KEYS = ['name', 'kind', 'text', 'dialects', 'scopes'] as const;
const KEYS = [...FILE_KEYS, ...SCOPE_KEYS, ...LANGUAGES];

const TEXT_MAX_CHARACTERS = 200;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const ownersText = v.pipe(
  v.string('must be text'),
  v.nonEmpty('must not be empty'),
  v.maxLength(TEXT_MAX_CHARACTERS, `must be at most ${TEXT_MAX_CHARACTERS} characters`),
  v.check((value) => !CONTROL.test(value), 'must not contain control characters'),
);

const scopeName = v.pipe(
  v.string('must be text'),
  v.maxLength(100, 'must be at most 100 characters'),
  v.regex(/^[!#-[\]-~]+$/, 'must be one word of visible ASCII without quotes and backslashes'),
);

const texts = v.strictObject({ en: ownersText, ko: ownersText });

const hasEachNameOnce = (list: readonly { readonly name: string }[]): boolean =>
  new Set(list.map(({ name }) => name)).size === list.length;

const data = v.pipe(
  v.array(
    v.strictObject({
      name: v.pipe(
        v.string('must be text'),
        v.regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, _, . and -, a letter first'),
      ),
      scopes: v.pipe(
        v.array(scopeName, 'must be a list'),
        v.minLength(1, 'must name a scope'),
        v.maxLength(16, 'must name at most 16 scopes'),
      ),
      text: texts,
    }),
    'must be a list',
  ),
  v.check((list) => hasEachNameOnce(list), 'must have each name once'),
);

const schemaFor = (dialects: readonly string[]) =>
  v.strictObject({
    scopes: v.pipe(
      v.array(
        v.strictObject({
          name: scopeName,
          kind: v.picklist(SCOPE_KINDS, `must be one of ${SCOPE_KINDS.join(', ')}`),
          text: texts,
          dialects: v.array(v.picklist(dialects, `must be one of ${dialects.join(', ')}`)),
        }),
        'must be a list',
      ),
      v.check((list) => hasEachNameOnce(list), 'must have each name once'),
    ),
    data: v.optional(data, []),
  });

/** What a deployment declares: scopes, and names of vehicle data that scopes give. */
export type Declared = {
  readonly scopes: readonly DeploymentScope[];
  readonly data: readonly DataName[];
};

/**
 * Reads the scopes and the data that a deployment declares; none without a file. Throws `OperatorError` with every fault; an unknown
 * key is reported with the nearest known one.
 */
export const readScopesFile = (path: string | undefined, dialects: readonly string[]): Declared => {
  if (path === undefined) return { scopes: [], data: [] };
  const result = v.safeParse(schemaFor(dialects), readJson(path));
  if (result.success) return result.output;
  throw invalidScopesFile(path, result.issues.map(describeIssue).join('; '));
};

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw invalidScopesFile(path, 'cannot be read as JSON', error);
  }
};

const describeIssue = (issue: v.BaseIssue<unknown>): string => {
  const place = v.getDotPath(issue) ?? 'the file';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const nearest = nearestName(place.split('.').at(-1) ?? '', KEYS);
    return `unknown key ${place}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`;
  }
  if (issue.type === 'strict_object')
    return issue.received === 'undefined' ? `${place} is missing` : `${place} must be an object`;
  if (issue.received === 'undefined') return `${place} is missing`;
  return `${place} ${issue.message}`;
};

/** Stops the start, with the remedy. */
export const invalidScopesFile = (path: string, fault: string, cause?: unknown): OperatorError =>
  new OperatorError(
    'scopes_file_invalid',
    `${path}: ${fault}`,
    'Correct the file; docs/guide/scopes.md shows one. Nothing was started or changed.',
    { cause },
  );
