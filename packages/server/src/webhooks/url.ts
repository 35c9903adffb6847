const URL_MAX_CHARACTERS = 2000;

/**
 * What is wrong with the address of a receiver; `undefined` for nothing. GrantEvents tell who shared which car, so they
 * travel encrypted, but to this machine itself.
 */
export const findUrlFault = (
  text: string,
  { isHttpAllowed }: { readonly isHttpAllowed: boolean },
): string | undefined => {
  if (text.length > URL_MAX_CHARACTERS) return `must be at most ${URL_MAX_CHARACTERS} characters long`;
  if (!URL.canParse(text)) return 'must be a whole URL, such as https://example.com/hook';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'must hold no user name and no password';
  if (hash !== '') return 'must hold no fragment';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'must begin with https://';
  return isHttpAllowed || isLoopback(hostname)
    ? undefined
    : 'must begin with https://; --allow-http takes it even so';
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
