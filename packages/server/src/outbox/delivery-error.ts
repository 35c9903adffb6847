import { asIs } from '../language.ts';
import type { Sentence } from '../language.ts';

/** Why an attempt brought nothing, with its number: a status, seconds, or a key. */
const ERRORS = {
  answered: (status) => ({ en: `answered ${status}`, ko: `응답 코드 ${status}` }),
  redirected: (status) => ({
    en: `answered ${status}; redirects are not followed`,
    ko: `응답 코드 ${status}, 리디렉션은 따라가지 않습니다.`,
  }),
  stopped: () => ({ en: 'aborted because the server stopped', ko: '서버가 중지되어 중단했습니다.' }),
  timedOut: (seconds) => ({ en: `no answer in ${seconds} s`, ko: `${seconds}초 동안 응답이 없습니다.` }),
  keyLacking: (key) => ({ en: `the key ring lacks key ${key}`, ko: `키 링에 키 ${key} 없음` }),
  disabled: () => ({ en: 'the webhook was disabled', ko: '웹훅이 비활성화되었습니다.' }),
} as const satisfies Readonly<Record<string, (value: number) => Sentence>>;

/** An error as a store keeps it, in English. */
export const writeDeliveryError = (kind: keyof typeof ERRORS, value = 0): string => ERRORS[kind](value).en;

/** A stored error in every language. The words of another program are the same in all. */
export const readDeliveryError = (text: string): Sentence => {
  const value = Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? 0);
  return (
    Object.values(ERRORS)
      .map((write) => write(value))
      .find(({ en }) => en === text) ?? asIs(text)
  );
};
