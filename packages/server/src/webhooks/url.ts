const URL_MAX_CHARACTERS = 2000;

/**
 * What is wrong with the URL of a receiver; `undefined` for nothing. Grant events say who shared which car, so they must be
 * encrypted unless they stay on this machine.
 */
export const findUrlFault = (
  text: string,
  { isHttpAllowed }: { readonly isHttpAllowed: boolean },
): string | undefined => {
  if (text.length > URL_MAX_CHARACTERS) return `must be at most ${URL_MAX_CHARACTERS} characters long`;
  if (!URL.canParse(text)) return 'must be a full URL, such as https://example.com/hook';
  // A parser of URLs leaves them out, so the text would not be what it says.
  if (/[\s\p{C}]/u.test(text)) return 'must not contain spaces or invisible characters';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'must not contain a user name or password';
  if (hash !== '') return 'must not contain a fragment';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'must begin with https://';
  return isHttpAllowed || isLoopback(hostname)
    ? undefined
    : 'must begin with https://; --allow-http accepts it anyway';
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
