import type { Mutation } from '../../support/mutation.ts';

const decide = 'server/src/grants/decide-device.ts';
const judge = 'server/src/grants/judge-device-code.ts';

const SETTLED = 'if (request.settled !== undefined) return { outcome: request.settled };';

/** Possible bugs in the device flow. */
export const DEVICE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the end of the code hides an approval',
    file: decide,
    search: SETTLED,
    replacement: `if (isExpired) return { outcome: 'expired' };\n  ${SETTLED}`,
    seed: 2,
  },
  {
    name: 'a poll that is too early hides an approval',
    file: decide,
    search: SETTLED,
    replacement: `if (isTooEarly(request, now)) return { outcome: 'slow_down' };\n  ${SETTLED}`,
    seed: 3,
  },
  {
    name: 'a poll of another client counts for the device',
    file: decide,
    search: "if (request.clientId !== clientId) return { outcome: 'client_mismatch' };",
    replacement: '',
    seed: 10,
  },
  {
    name: 'no device is slowed down',
    file: decide,
    search: 'if (!isTooEarly(request, now)) return',
    replacement: 'if (!isTooEarly(request, now) || changed.intervalSeconds > 0) return',
    seed: 3,
  },
  {
    name: 'a poll that is in time is slowed down',
    file: decide,
    search: 'sinceMs < toMillis(intervalSeconds - POLL_TOLERANCE_SECONDS)',
    replacement: 'sinceMs < toMillis(intervalSeconds) * 10',
    seed: 5,
  },
  {
    name: 'the answer with the tokens is not repeated',
    file: judge,
    search: 'leastAgeMs(code.redeemedAtMs, now) < toMillis(repeatSeconds)',
    replacement: 'repeatSeconds < 0',
    seed: 2,
  },
  {
    name: 'a device code expires after one minute',
    file: decide,
    search: 'const isExpired = leastAgeMs(issuedAtMs, now) >= toMillis(DEVICE_CODE_LIFETIME_SECONDS);',
    replacement: 'const isExpired = leastAgeMs(issuedAtMs, now) >= 60_000;',
    seed: 1,
  },
];
