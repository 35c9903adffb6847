const URI_MAX_CHARACTERS = 2048;

/**
 * Whether two URLs are the same without query and fragment: as text, or once scheme, host, default port, dot segments and percent
 * signs are written in the one way.
 *
 * @see RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3
 */
export const isSameUri = (one: string, other: string): boolean => {
  if (one === other) return true;
  const normal = normalUri(one);
  return normal !== undefined && normal === normalUri(other);
};

const normalUri = (text: string): string | undefined => {
  if (text.length > URI_MAX_CHARACTERS || !/^https?:\/\//i.test(text) || !URL.canParse(text))
    return undefined;
  const { origin, pathname, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  return `${origin}${normalPath(pathname)}`;
};

/** Unreserved characters plain, every other percent sign in upper case. */
const normalPath = (path: string): string =>
  path.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
  });
