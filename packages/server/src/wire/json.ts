import { Refusal } from '../errors.ts';
import { decodeUtf8 } from './headers.ts';

/**
 * The members of a JSON object. Refuses anything else, invalid UTF-8, and a repeated name, because readers disagree on
 * which of the two values counts (RFC 8259 §4, RFC 7493 §2.3). One byte order mark before it is ignored (RFC 8259 §8.1).
 */
export const readJsonObject = (body: Buffer): Readonly<Record<string, unknown>> => {
  const text = decodeUtf8(body)?.replace(BYTE_ORDER_MARK, '');
  const value = text === undefined ? undefined : parse(text);
  if (text === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('body_malformed');
  }
  const names = namesOf(text);
  if (new Set(names).size < names.length) throw new Refusal('parameter_repeated');
  return value as Record<string, unknown>;
};

const BYTE_ORDER_MARK = /^\ufeff/;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The names of the outermost object's members, in order. The text must be valid JSON. */
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
