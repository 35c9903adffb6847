import type { Sentence } from '../language.ts';

const URL_MAX_CHARACTERS = 2000;

/**
 * What is wrong with the URL of a receiver; `undefined` for nothing. Grant events say who shared which car, so they must be
 * encrypted unless they stay on this machine.
 */
export const findUrlFault = (
  text: string,
  { isHttpAllowed }: { readonly isHttpAllowed: boolean },
): Sentence | undefined => {
  if (text.length > URL_MAX_CHARACTERS)
    return {
      en: `must be at most ${URL_MAX_CHARACTERS} characters long`,
      ko: `${URL_MAX_CHARACTERS}자 이하여야 합니다.`,
    };
  if (!URL.canParse(text))
    return {
      en: 'must be a full URL, such as https://example.com/hook',
      ko: '전체 URL이어야 합니다. 예: https://example.com/hook',
    };
  // A parser of URLs leaves them out, so the text would not be what it says.
  if (/[\s\p{C}]/u.test(text))
    return {
      en: 'must not contain spaces or invisible characters',
      ko: '공백이나 보이지 않는 문자를 넣을 수 없습니다.',
    };
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '')
    return {
      en: 'must not contain a user name or password',
      ko: '사용자 이름이나 비밀번호를 넣을 수 없습니다.',
    };
  if (hash !== '') return { en: 'must not contain a fragment', ko: '프래그먼트(#)를 넣을 수 없습니다.' };
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return { en: 'must begin with https://', ko: 'https://로 시작해야 합니다.' };
  return isHttpAllowed || isLoopback(hostname)
    ? undefined
    : {
        en: 'must begin with https://; --allow-http accepts it anyway',
        ko: 'https://로 시작해야 합니다. 명령에서는 --allow-http로 허용할 수 있습니다.',
      };
};

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
