import type { Store } from '../../stores/store.ts';
import { describeMoment } from '../describe-span.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** Checks that messages reach their webhooks. An endpoint on which nothing waits is left out. */
export const examineWebhooks = async (
  store: Pick<Store, 'endpointHealth' | 'nowMs'>,
): Promise<readonly Finding[]> =>
  (await store.endpointHealth()).map(({ endpoint, waiting, failing, oldestAtMs, lastError }) => {
    const check = `webhook ${endpoint}`;
    const since = describeMoment(oldestAtMs, store.nowMs());
    if (failing === 0) return ok(check, `${waiting} messages wait, the oldest is from ${since}`);
    return bad(
      check,
      'warn',
      `${failing} of ${waiting} waiting messages were not accepted (${lastError ?? 'no answer'}), the oldest is from ${since}`,
      'Look into the log of the receiver. Messages are tried again for three days.',
    );
  });
