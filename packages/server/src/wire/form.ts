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
  const parameters = new Map<string, string>();
  const names = new Set<string>();
  for (const field of text.split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const name = decodeFormText(equals < 0 ? field : field.slice(0, equals));
    const value = equals < 0 ? '' : decodeFormText(field.slice(equals + 1));
    if (name === undefined || value === undefined) throw new Refusal('body_malformed');
    if (names.has(name) && !isRepeatable(name)) throw new Refusal('parameter_repeated');
    names.add(name);
    if (value !== '')
      parameters.set(name, isRepeatable(name) ? joinValues(parameters.get(name), value) : value);
  }
  return parameters;
};
