import type { Sentence } from '../language.ts';

/** Hosts of the owner's own machine, where an app listens on any free port (RFC 8252 §7.3). */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** Schemes that make a browser run the URI or keep it to itself. */
const FORBIDDEN_SCHEMES: ReadonlySet<string> = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
]);
const URI_MAX_CHARACTERS = 2048;

/** The redirect URI that a request without one means: the only one that is registered (RFC 6749 §3.1.2.3). */
export const onlyRedirectUri = ({
  redirectUris,
}: {
  readonly redirectUris: readonly string[];
}): string | undefined => (redirectUris.length === 1 ? redirectUris[0] : undefined);

/**
 * Whether an owner may be redirected to `requested`: it must equal a registered URI exactly, except that a native app may
 * use any port of a loopback address over http.
 *
 * @see RFC 9700 §2.1, RFC 8252 §7.3
 */
export const isRegisteredRedirect = (
  registered: readonly string[],
  requested: string,
  { isNativeApp }: { readonly isNativeApp: boolean },
): boolean => registered.some((one) => one === requested || (isNativeApp && isSameLoopback(one, requested)));

const LOOPBACK = /^http:\/\/(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?<rest>[/?].*)?$/;

const isSameLoopback = (registered: string, requested: string): boolean => {
  const one = LOOPBACK.exec(registered)?.groups;
  const other = LOOPBACK.exec(requested)?.groups;
  if (one === undefined || other === undefined || !URL.canParse(requested)) return false;
  return one['host'] === other['host'] && one['rest'] === other['rest'];
};

/** What is wrong with a redirect URI, in a sentence; `undefined` for nothing. */
export const faultOfRedirectUri = (uri: string): Sentence | undefined => {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  // A URI that a browser reads differently from how it is written cannot be compared by its characters.
  if (url === undefined || uri.length > URI_MAX_CHARACTERS || !/^[\x21-\x7e]+$/.test(uri))
    return {
      en: 'must be an absolute URI in visible ASCII, of at most 2048 characters',
      ko: '보이는 ASCII 문자 2048자 이하의 절대 URI여야 합니다.',
    };
  if (uri.includes('#'))
    return {
      en: 'must have no fragment (RFC 6749 §3.1.2)',
      ko: '프래그먼트(#)를 넣을 수 없습니다(RFC 6749 §3.1.2).',
    };
  if (uri.includes('\\')) return { en: 'must have no backslash', ko: '역슬래시를 넣을 수 없습니다.' };
  // On a page of the same scheme, a browser takes a URI without two slashes for a path of that page's host.
  if (/^https?:(?!\/\/[^/])/i.test(uri))
    return {
      en: 'must have two slashes and a host after its scheme',
      ko: '스킴 뒤에 슬래시 두 개와 호스트가 있어야 합니다.',
    };
  if (url.username !== '' || url.password !== '')
    return { en: 'must carry no user name or password', ko: '사용자 이름이나 비밀번호를 넣을 수 없습니다.' };
  // Nothing stands for several characters: a URI is compared as it is written.
  if (uri.includes('*'))
    return {
      en: 'must have no *: every redirect URI is registered by itself',
      ko: '*를 넣을 수 없습니다. 리디렉션 URI는 하나씩 등록합니다.',
    };
  for (const name of ['code', 'state', 'iss', 'error'])
    if (url.searchParams.has(name))
      return {
        en: `must have no ${name} in its query, because the answer has one`,
        ko: `쿼리에 "${name}" 값을 넣을 수 없습니다. 응답에서 쓰는 이름입니다.`,
      };
  if (FORBIDDEN_SCHEMES.has(url.protocol))
    return { en: `must not use ${url.protocol}`, ko: `${url.protocol} 스킴은 사용할 수 없습니다.` };
  if (url.protocol === 'http:' && !LOOPBACK_HOSTS.has(url.hostname))
    return {
      en: 'must use https; http is for 127.0.0.1, [::1] and localhost',
      ko: 'https를 사용해야 합니다. http는 127.0.0.1, [::1], localhost에만 쓸 수 있습니다.',
    };
  return undefined;
};

/**
 * What is wrong with the scheme of a redirect URI of an app, in a sentence; `undefined` for nothing. A scheme without a dot
 * belongs to nobody, so any other app on the device may take it, except the one that the client's vendor documents for it.
 *
 * @see RFC 8252 §7.1
 */
export const faultOfScheme = (uri: string, documented: string | undefined): Sentence | undefined => {
  const scheme = /^(?<scheme>[^:]*):/.exec(uri)?.groups?.['scheme']?.toLowerCase() ?? '';
  if (scheme === '' || scheme === 'https' || scheme === 'http' || FORBIDDEN_SCHEMES.has(`${scheme}:`))
    return undefined;
  if (scheme.includes('.') || scheme === documented?.toLowerCase()) return undefined;
  const own =
    documented === undefined ? { en: '', ko: '' } : { en: `, or ${documented}`, ko: ` 또는 ${documented}` };
  return {
    en: `must have a scheme with a dot, such as com.example.app${own.en} (RFC 8252 §7.1)`,
    ko: `점이 있는 스킴이어야 합니다. 예: com.example.app${own.ko} (RFC 8252 §7.1)`,
  };
};

/** What is wrong with one of several redirect URIs. */
export const faultOfUri = (uri: string, { en, ko }: Sentence): Sentence => ({
  en: `the redirect URI ${uri} ${en}`,
  ko: `리디렉션 URI ${uri}: ${ko}`,
});
