import * as v from 'valibot';
import { Problem } from './problem.ts';
import type { Schema } from './route.ts';

const BODY_MAX_BYTES = 65_536;

/** The query of a request as its schema has it. Throws `Problem`. */
export const readQuery = (url: string, schema: Schema): unknown => {
  const start = url.indexOf('?');
  const search = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const doubled = [...search.keys()].find((name) => search.getAll(name).length > 1);
  if (doubled !== undefined) throw invalid(`${doubled} is given more than once`);
  return check(schema, Object.fromEntries(search));
};

/** The JSON body of a request as its schema has it. Throws `Problem`. */
export const readBody = async (request: Request, schema: Schema): Promise<unknown> => {
  requireMediaType(request, 'application/json');
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('body_not_json', 'The body is not JSON', { remedy: 'Send one JSON object.' });
  }
  return check(schema, value);
};

/** Throws `Problem` where the body has another media type. */
export const requireMediaType = (request: Request, mediaType: string): void => {
  const given = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (given === mediaType) return;
  throw new Problem('media_type_unsupported', `The media type is ${given ?? 'missing'}`, {
    remedy: `Send "Content-Type: ${mediaType}".`,
  });
};

const readText = async (request: Request): Promise<string> => {
  const tooLarge = (): Problem =>
    new Problem('body_too_large', `The body has more than ${BODY_MAX_BYTES} bytes`, {
      remedy: 'Send one connection at a time, or use /v1/import.',
    });
  if (Number(request.headers.get('content-length') ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The client has gone, or its connection has.
    throw new Problem('body_not_json', 'The body was cut off', { remedy: 'Send the whole body.' });
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** A value as its schema has it. Throws `Problem` that names what is wrong, and never a value: that may be a token. */
export const check = (schema: Schema, value: unknown): unknown => {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw invalid(describeIssues(result.issues));
};

/** What is wrong with a value, in words, without the value. */
export const describeIssues = (issues: readonly v.BaseIssue<unknown>[]): string =>
  issues
    .slice(0, 5)
    .map((issue) => {
      const path = v.getDotPath(issue) ?? 'the request';
      if (issue.type === 'strict_object' && issue.expected === 'never') return `unknown field ${path}`;
      if (issue.received === 'undefined') return `${path} is missing`;
      return `${path} must be ${expectedOf(issue)}`;
    })
    .join('; ');

/** In the words of the schema where it has some. Those of the library begin with "Invalid", and quote the value. */
const expectedOf = ({ message, expected }: v.BaseIssue<unknown>): string => {
  if (!message.startsWith('Invalid ')) return message;
  if (expected === null) return 'as described';
  // A choice is given as ("one" | "two").
  return expected.replace(
    /^\((.*)\)$/,
    (_, choices: string) => `one of ${choices.replaceAll('"', '').replaceAll(' | ', ', ')}`,
  );
};

const invalid = (detail: string): Problem =>
  new Problem('input_invalid', detail, { remedy: 'Correct it. /openapi.json describes every request.' });
