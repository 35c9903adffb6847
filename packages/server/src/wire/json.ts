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
  // A repeated name is a member more in the text than in the value.
  if (countMembers(text) > Object.keys(value).length) throw new Refusal('parameter_repeated');
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

/** How many members the outermost object has, repeated ones included. The text must be valid JSON. */
const countMembers = (text: string): number => {
  let count = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case '"':
        at = endOfString(text, at);
        break;
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        depth--;
        break;
      case ':':
        if (depth === 1) count++;
    }
  }
  return count;
};

/** The place of the quote that ends the string whose first quote is at `start`. */
const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
};

/** Whether an odd number of backslashes is before this place. */
const isEscaped = (text: string, place: number): boolean => {
  let from = place;
  while (text[from - 1] === '\\') from--;
  return (place - from) % 2 === 1;
};
