import type { DeviceWorld } from './device-world.ts';
import type { DeviceRecord, Poll, PollAnswer } from './records.ts';

const LIFETIME_MS = 600_000;
/** How long the poll that got tokens may be repeated, at least (docs/decisions/0033-device-flow.md). */
const REPEAT_MS = 120_000;
/** Two clocks of servers differ by no more than this, and a request takes a moment. */
const SLACK_MS = 5000;
const INTERVAL_MS = 5000;
/** How much too early a poll may come: timers and networks are not exact. */
const TOLERANCE_MS = 1000;

type Answered = Poll & { readonly answer: PollAnswer; readonly answeredAtMs: number };

/** Checks every device at the end, by RFC 8628 §3.5 and docs/decisions/0033-device-flow.md, from what was sent and answered. */
export const checkDevices = async (world: DeviceWorld): Promise<void> => {
  for (const device of world.devices) {
    const violate = (what: string): void => void world.violations.push(`${device.name}: ${what}`);
    const answered = device.polls.filter((one): one is Answered => one.answer !== undefined);
    const tokens = new Set(
      answered.flatMap(({ answer }) => (answer.kind === 'granted' ? [answer.refreshToken] : [])),
    );
    if (tokens.size > 1) violate('got two different refresh tokens for one approval');
    for (const poll of answered) {
      const fault = poll.isOwn ? faultOfOwn(device, poll) : faultOfOther(poll);
      if (fault !== undefined) violate(fault);
    }
  }
  const grants = await world.store.listGrants({ limit: 1000 });
  const approved = world.devices.filter(({ settled }) => settled?.kind === 'approved');
  if (grants.length > approved.length)
    world.violations.push(`${grants.length} grants were made from ${approved.length} approvals`);
};

const faultOfOther = ({ answer, hasStoreFailed }: Answered): string | undefined => {
  if (answer.kind === 'granted') return 'another client got the tokens';
  if (answer.kind === 'outage')
    return hasStoreFailed ? undefined : 'another client got a 503 without an outage';
  return answer.error === 'invalid_grant' ? undefined : `another client got ${answer.error}`;
};

const faultOfOwn = (device: DeviceRecord, poll: Answered): string | undefined => {
  const { answer } = poll;
  if (answer.kind === 'outage') return poll.hasStoreFailed ? undefined : 'got a 503 without an outage';
  if (answer.kind === 'granted') return faultOfGranted(device, poll);
  const check = CHECKS[answer.error];
  return check === undefined ? `got ${answer.error}` : check(device, poll);
};

const faultOfGranted = ({ settled }: DeviceRecord, { answeredAtMs }: Answered): string | undefined =>
  settled?.kind === 'approved' && settled.startedAtMs <= answeredAtMs
    ? undefined
    : 'got tokens without an approval';

/** Whether the owner's decision was confirmed before the poll arrived. */
const isSettledBefore = ({ settled }: DeviceRecord, { arrivedAtMs }: Poll): boolean =>
  settled?.confirmedAtMs !== undefined && settled.confirmedAtMs < arrivedAtMs;

const earlierOf = ({ polls }: DeviceRecord, poll: Poll): readonly Poll[] =>
  polls.filter((one) => one !== poll && one.isOwn && one.arrivedAtMs <= poll.arrivedAtMs);

const faultOfPending = (device: DeviceRecord, poll: Answered): string | undefined => {
  if (isSettledBefore(device, poll)) return 'has to go on waiting although the owner had decided';
  const last = earlierOf(device, poll).at(-1);
  // Only where the same process, with the same clock, has answered the last poll and seen no failure.
  const isSameClock = last?.node === poll.node && last.incarnation === poll.incarnation;
  const isNoted = last?.answer?.kind === 'refused' && (last.answeredAtMs ?? Infinity) < poll.arrivedAtMs;
  const gapMs = poll.arrivedAtMs - (last?.answeredAtMs ?? 0);
  return isSameClock && isNoted && gapMs < INTERVAL_MS - TOLERANCE_MS - 100
    ? `polled after ${gapMs} ms and was not slowed down`
    : undefined;
};

const faultOfSlowDown = (device: DeviceRecord, poll: Answered): string | undefined => {
  if (isSettledBefore(device, poll)) return 'was slowed down although the owner had decided';
  const earlier = earlierOf(device, poll);
  const slowed = earlier.filter(({ answer }) => answer === undefined || isError(answer, 'slow_down')).length;
  const outages = earlier.filter(({ answer }) => answer?.kind === 'outage').length;
  const waitMs = INTERVAL_MS * (1 + slowed + outages) + SLACK_MS;
  return earlier.some(({ arrivedAtMs }) => poll.arrivedAtMs - arrivedAtMs < waitMs)
    ? undefined
    : 'was slowed down although it had waited';
};

const isError = (answer: PollAnswer, error: string): boolean =>
  answer.kind === 'refused' && answer.error === error;

const faultOfExpired = (device: DeviceRecord, poll: Answered): string | undefined => {
  const { settled, askedAtMs } = device;
  if (poll.answeredAtMs - askedAtMs < LIFETIME_MS - SLACK_MS) return 'expired too early';
  // What the owner decided comes first, for as long as an authorization code lives.
  if (settled?.kind !== 'approved' || !isSettledBefore(device, poll)) return undefined;
  return poll.answeredAtMs - settled.startedAtMs < LIFETIME_MS - SLACK_MS
    ? 'expired although the owner had agreed'
    : undefined;
};

const faultOfDenied = ({ settled }: DeviceRecord, { answeredAtMs }: Answered): string | undefined =>
  settled?.kind === 'declined' && settled.startedAtMs <= answeredAtMs
    ? undefined
    : 'was refused by an owner who had not declined';

/** Only a device that has its tokens finds its code used up: it refreshed, or its first poll was long ago. */
const faultOfInvalid = (device: DeviceRecord, poll: Answered): string | undefined => {
  if (device.settled?.kind !== 'approved') return 'its code was unknown';
  if (device.refreshedAtMs !== undefined && device.refreshedAtMs <= poll.answeredAtMs) return undefined;
  // A poll without an answer may have redeemed.
  const redeeming = earlierOf(device, poll).filter(
    ({ answer, arrivedAtMs }) =>
      arrivedAtMs >= (device.settled?.startedAtMs ?? Infinity) - 1000 &&
      (answer === undefined || answer.kind !== 'refused'),
  );
  return redeeming.some(({ arrivedAtMs }) => poll.answeredAtMs - arrivedAtMs >= REPEAT_MS - SLACK_MS)
    ? undefined
    : 'got invalid_grant before it had its tokens';
};

const CHECKS: Readonly<Record<string, (device: DeviceRecord, poll: Answered) => string | undefined>> = {
  authorization_pending: faultOfPending,
  slow_down: faultOfSlowDown,
  expired_token: faultOfExpired,
  access_denied: faultOfDenied,
  invalid_grant: faultOfInvalid,
};
