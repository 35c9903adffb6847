import { leastAgeMs } from '../../clock.ts';
import type { Now } from '../../clock.ts';
import { KEY_PURPOSES, statesOf } from '../../tokens/key-state.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import type { Sentence } from '../../language.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;
/** A key that seals or signs for longer than this should get a successor. */
const AGE_MAX_DAYS = 400;

/** How old the active keys are, and which keys wait to be retired. */
export const examineKeys = (registered: readonly RegisteredKey[], now: Now): readonly Finding[] => {
  const states = statesOf(registered);
  const inState = (state: string) => registered.filter(({ number }) => states.get(number)?.state === state);
  const active = inState('active');
  const daysOf = ({ createdAtMs }: RegisteredKey): number =>
    Math.floor(leastAgeMs(createdAtMs, now) / DAY_MS);
  const old = active.filter((key) => daysOf(key) > AGE_MAX_DAYS);
  const byPurpose = KEY_PURPOSES.flatMap((purpose) => active.filter((key) => key.purpose === purpose));
  const list = (write: (key: RegisteredKey, days: number) => string): string =>
    byPurpose.map((key) => write(key, daysOf(key))).join(', ');
  const ages: Sentence = {
    en: list(({ purpose, number }, days) => `${purpose} ${number} (${days} days)`),
    ko: list(({ purpose, number }, days) => `${purpose} ${number} (${days}일)`),
  };
  const age =
    old.length === 0
      ? ok('key ages', ages)
      : warn('key ages', ages, {
          en: `Add new keys with "keyfob keys rotate": ${listNumbers(old).en} in use for long.`,
          ko: `"keyfob keys rotate"로 새 키를 추가하세요. 오래 쓴 키: ${listNumbers(old).ko}`,
        });
  const compromised = inState('compromised');
  const waiting = inState('opens-only').length;
  const retired = inState('retired').length;
  const others: Sentence = {
    en: `${waiting} older keys open only, ${retired} retired`,
    ko: `열기 전용인 이전 키 ${waiting}개, 사용 종료 ${retired}개`,
  };
  const state =
    compromised.length === 0
      ? ok('key states', others)
      : warn(
          'key states',
          {
            en: `${listNumbers(compromised).en} compromised, ${others.en}`,
            ko: `유출된 키: ${listNumbers(compromised).ko}. ${others.ko}`,
          },
          {
            en: 'Follow their dependants with "keyfob keys list", and retire them with "keyfob keys retire".',
            ko: '의존하는 것을 "keyfob keys list"로 확인하고 "keyfob keys retire"로 사용을 종료하세요.',
          },
        );
  return [age, state];
};

const listNumbers = (keys: readonly RegisteredKey[]): Sentence => {
  const numbers = keys.map(({ number }) => number).join(', ');
  return { en: `${keys.length === 1 ? 'key' : 'keys'} ${numbers}`, ko: numbers };
};
