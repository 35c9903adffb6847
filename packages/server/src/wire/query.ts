import { decodeFormText } from './headers.ts';
import { isRepeatable, joinValues } from './repeatable.ts';

/** The parameters of a query. An empty one counts as absent; unknown ones are kept and ignored (RFC 6749 §3.1). */
export type QueryParameters = {
  /** The values of a repeatable parameter are joined by spaces. */
  readonly get: (name: string) => string | undefined;
  /** As it was sent, still encoded, so that it can be returned unchanged. */
  readonly getRaw: (name: string) => string | undefined;
  /** Names that were sent more than once, and may not be. `get` returns the first value. */
  readonly repeated: ReadonlySet<string>;
};

/** Parameters that were sent in a form, as if they had come in a query. */
export const readParameters = (form: ReadonlyMap<string, string>): QueryParameters => ({
  get: (name) => form.get(name),
  getRaw(name) {
    const value = form.get(name);
    return value === undefined ? undefined : encodeURIComponent(value);
  },
  repeated: NOTHING,
});

const NOTHING: ReadonlySet<string> = new Set();

/** Every other character of a query must be encoded (RFC 3986 §3.4). */
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;

/** Reads a query; `undefined` for a broken percent sign, invalid UTF-8 or a character that must be encoded. */
export const readQuery = (query: string): QueryParameters | undefined => {
  if (!VISIBLE_ASCII.test(query)) return undefined;
  const values = new Map<string, { readonly raw: string; readonly value: string }>();
  const names = new Set<string>();
  const repeated = new Set<string>();
  for (const field of query.split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const raw = equals < 0 ? '' : field.slice(equals + 1);
    const name = decodeFormText(equals < 0 ? field : field.slice(0, equals));
    const value = decodeFormText(raw);
    if (name === undefined || value === undefined) return undefined;
    const mayRepeat = isRepeatable(name);
    if (names.has(name) && !mayRepeat) repeated.add(name);
    names.add(name);
    if (value === '' || (values.has(name) && !mayRepeat)) continue;
    values.set(name, { raw, value: mayRepeat ? joinValues(values.get(name)?.value, value) : value });
  }
  return {
    get: (name) => values.get(name)?.value,
    getRaw: (name) => values.get(name)?.raw,
    repeated,
  };
};
