/** A text as JSON; `undefined` where it is none. A number that JavaScript would round is read as a text: it may be a token. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''), keepDigits) as unknown;
  } catch {
    return undefined;
  }
};

/** The third argument of a reviver is in every Node.js that we support; the type library does not have it yet. */
const keepDigits = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (context?.source ?? value)
    : value;

const FORM = /^[\w.-]+=[^\s<>{}"]*(?:&[\w.-]+=[^\s<>{}"]*)*$/;

/**
 * The body of a success, as far as it can be read: JSON, JSON in a JSON text, a form, and JSON that was cut off or has something
 * around it. The tokens in it may be the only ones that live, so its content type does not matter. Of two members of one
 * name the last one counts.
 */
export const parseSuccess = (text: string): unknown => {
  const body = parseJson(text);
  if (typeof body === 'string') return parseJson(body);
  if (typeof body === 'object') return body;
  if (FORM.test(text.trim())) return Object.fromEntries(new URLSearchParams(text.trim()));
  return parseCut(text);
};

/** The same for a body that was cut off. It is no form: there, half a token looks like a whole one. */
export const parseCut = (text: string): unknown => parseJson(text) ?? parseJson(completeJson(text) ?? '');

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+|"/g;
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };
/** No token endpoint nests so deep. */
const DEPTH_MAX = 32;

/**
 * The JSON in a text that was cut off, or that has something around it: whole members up to the cut, and the missing brackets. A text
 * without its closing quotation mark is left out, and so is a number that may go on. `undefined` where there is nothing.
 */
export const completeJson = (text: string): string | undefined => {
  const from = text.search(/[{[]/);
  if (from < 0) return undefined;
  const whole = text.slice(from);
  const missing: string[] = [];
  let saved = { end: 0, closing: '' };
  let before = '';
  for (const { 0: token, index } of whole.matchAll(TOKENS)) {
    const end = index + token.length;
    const isText = token.length > 1 && token.startsWith('"');
    if (token === '"' || missing.length > DEPTH_MAX) break;
    if (token === ',') saved = { end: index, closing: missing.join('') };
    if (CLOSING[token] !== undefined) missing.unshift(CLOSING[token]);
    if (token === missing[0]) {
      missing.shift();
      if (missing.length === 0) return before === ',' ? wholeUpTo(whole, saved) : whole.slice(0, end);
      saved = { end, closing: missing.join('') };
    }
    if (isText && (before === ':' || missing[0] === ']')) saved = { end, closing: missing.join('') };
    before = token;
  }
  return saved.end === 0 ? undefined : wholeUpTo(whole, saved);
};

const wholeUpTo = (
  text: string,
  { end, closing }: { readonly end: number; readonly closing: string },
): string => text.slice(0, end) + closing;
