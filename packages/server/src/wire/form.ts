import { Refusal } from '../errors.ts';
import { decodeFormText, decodeUtf8 } from './headers.ts';
import { isRepeatable, joinValues } from './repeatable.ts';

/**
 * The parameters of a form body. An empty parameter counts as absent, a repeated one is refused unless it may be repeated
 * (then its values are joined by spaces), and unknown ones are kept and ignored (RFC 6749 §3.2). Invalid UTF-8 and broken percent signs are refused: a guess could turn one token into
 * another.
 */
export const readForm = (body: Buffer): ReadonlyMap<string, string> => {
  const text = decodeUtf8(body);
  if (text === undefined) throw new Refusal('body_malformed');
  // Most bodies have nothing encoded: then one search of the body is enough, in place of one in each name and value.
  const decode = isEncoded(text) ? decodeFormText : asItIs;
  const parameters = new Map<string, string>();
  let empty: Set<string> | undefined;
  for (let from = 0, end = 0; from < text.length; from = end + 1) {
    end = indexOrEnd(text, '&', from);
    if (end === from) continue;
    const field = text.slice(from, end);
    const equals = indexOrEnd(field, '=', 0);
    const name = decode(field.slice(0, equals));
    const value = decode(field.slice(equals + 1));
    if (name === undefined || value === undefined) throw new Refusal('body_malformed');
    const earlier = parameters.get(name);
    const isSeen = earlier !== undefined || empty?.has(name) === true;
    if (isSeen && !isRepeatable(name)) throw new Refusal('parameter_repeated');
    if (value === '') (empty ??= new Set()).add(name);
    else parameters.set(name, joinValues(earlier, value));
  }
  return parameters;
};

const isEncoded = (text: string): boolean => text.includes('%') || text.includes('+');

const asItIs = (text: string): string => text;

/** The place of the next such character, or the end of the text. */
const indexOrEnd = (text: string, character: string, from: number): number => {
  const index = text.indexOf(character, from);
  return index < 0 ? text.length : index;
};
