import { Refusal } from '../errors.ts';
import { decodeUtf8 } from './headers.ts';

/**
 * The members of a JSON object. Bytes that are no UTF-8, no JSON or no object are refused, and so is a name that comes
 * twice: which of the two is meant would be a guess (RFC 8259 §4, RFC 7493 §2.3).
 */
export const readJsonObject = (body: Buffer): Readonly<Record<string, unknown>> => {
  const text = decodeUtf8(body);
  const value = text === undefined ? undefined : parse(text);
  if (text === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('body_malformed');
  }
  const names = namesOf(text);
  if (new Set(names).size < names.length) throw new Refusal('parameter_repeated');
  return value as Record<string, unknown>;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The names of the outermost object's members, in order, of a text that is known to be JSON. */
const namesOf = (text: string): readonly string[] => {
  const names: string[] = [];
  let depth = 0;
  let string = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (token !== ':') string = token;
    else if (depth === 1) names.push(String(JSON.parse(string)));
  }
  return names;
};
