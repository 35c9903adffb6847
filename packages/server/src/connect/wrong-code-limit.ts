import { createFailureBuckets } from '../clients/failure-buckets.ts';
import { networkOf } from '../clients/network.ts';
import type { Clock, Seconds } from '../clock.ts';
import type { Emit } from '../log-event.ts';
import type { Visit } from '../wire/route.ts';

/** Wrong user codes of one address, forgotten one after the other within the window. */
export const WRONG_CODES_PER_ADDRESS_MAX = 10;
const ADDRESS_WINDOW_SECONDS = 300;
/** Wrong user codes of all addresses together, at one node. */
const WRONG_CODES_IN_TOTAL_MAX = 120;
const TOTAL_WINDOW_SECONDS = 60;

/**
 * Counts the wrong user codes that owners enter, so that nobody finds a device by trying. With 1000 devices waiting, 120 guesses
 * a minute find one in about 150 days. @see RFC 8628 §5.1
 */
export type WrongCodeLimit = {
  /** How many seconds until one more code may be entered; `undefined` for at once. */
  judge(visit: Visit): Seconds | undefined;
  /**
   * Counts a code that is looked up as wrong until it is found, so that guesses which come all at once are counted one by one: no
   * wait may lie between `judge` and this.
   */
  begin(visit: Visit): LookedUpCode;
};

/** A code that was counted. */
export type LookedUpCode = {
  /** It was right, or it could not be looked up. */
  takeBack(): void;
  reportWrong(): void;
};

export const createWrongCodeLimit = ({
  monotonic,
  emit,
}: {
  readonly monotonic: Clock;
  readonly emit: Emit;
}): WrongCodeLimit => {
  const buckets = {
    address: createFailureBuckets(WRONG_CODES_PER_ADDRESS_MAX, ADDRESS_WINDOW_SECONDS),
    total: createFailureBuckets(WRONG_CODES_IN_TOTAL_MAX, TOTAL_WINDOW_SECONDS),
  };
  return {
    judge(visit) {
      const nowMs = monotonic();
      for (const [bucket, key] of placesOf(visit)) {
        const waitMs = buckets[bucket].waitMs(key, nowMs);
        if (waitMs <= 0) continue;
        const report = buckets[bucket].noteRefused(key, nowMs);
        const { caller, exchange } = visit;
        if (report !== undefined)
          emit({
            event: 'owners.throttled',
            requestId: exchange.requestId,
            bucket,
            refused: report.refused,
            caller,
          });
        return Math.ceil(waitMs / 1000);
      }
      return undefined;
    },
    begin(visit) {
      const { caller, exchange } = visit;
      const nowMs = monotonic();
      for (const [bucket, key] of placesOf(visit)) buckets[bucket].fill(key, nowMs);
      return {
        takeBack() {
          for (const [bucket, key] of placesOf(visit)) buckets[bucket].takeBack(key);
        },
        reportWrong: () => emit({ event: 'device.code_wrong', requestId: exchange.requestId, caller }),
      };
    },
  };
};

/** An address is judged first, so that one address cannot use up the total. */
const placesOf = ({ caller }: Visit) =>
  [
    ['address', networkOf(caller.address)],
    ['total', ''],
  ] as const;
