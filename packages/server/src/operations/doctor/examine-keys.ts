import { leastAgeMs } from '../../clock.ts';
import type { Now } from '../../clock.ts';
import { KEY_PURPOSES, statesOf } from '../../tokens/key-state.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import { bad, ok } from './finding.ts';
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
  const ages = KEY_PURPOSES.flatMap((purpose) => active.filter((key) => key.purpose === purpose))
    .map((key) => `${key.purpose} ${key.number} (${daysOf(key)} days)`)
    .join(', ');
  const age =
    old.length === 0
      ? ok('key ages', ages)
      : bad(
          'key ages',
          'warn',
          ages,
          `Add new keys with "keyfob keys rotate": ${listNumbers(old)} in use for long.`,
        );
  const compromised = inState('compromised');
  const waiting = inState('opens-only').length;
  const others = `${waiting} older keys open only, ${inState('retired').length} retired`;
  const state =
    compromised.length === 0
      ? ok('key states', others)
      : bad(
          'key states',
          'warn',
          `${listNumbers(compromised)} compromised, ${others}`,
          'Follow their dependants with "keyfob keys list", and retire them with "keyfob keys retire".',
        );
  return [age, state];
};

const listNumbers = (keys: readonly RegisteredKey[]): string =>
  `${keys.length === 1 ? 'key' : 'keys'} ${keys.map(({ number }) => number).join(', ')}`;
