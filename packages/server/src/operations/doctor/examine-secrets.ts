import type { Now } from '../../clock.ts';
import type { Client } from '../../clients/client.ts';
import { isInForce } from '../../clients/secret.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** How long a client needs to take over a new secret. */
const NOTICE_MS = 14 * 86_400_000;
/** How many ids are listed at most. */
const IDS_MAX = 5;

/** Finds enabled clients that are locked out, or will be soon. */
export const examineSecrets = (clients: readonly Client[], now: Now): Finding => {
  const check = 'client secrets';
  const inUse = clients.filter(({ type, disabledAtMs }) => type !== 'public' && disabledAtMs === undefined);
  const lacking = (at: Now) =>
    inUse.filter(({ secrets }) => !secrets.some((secret) => isInForce(secret, at)));
  const remedy = 'Add a secret with "keyfob client secret add", or disable the client.';
  const lockedOut = lacking(now);
  if (lockedOut.length > 0) return warn(check, `${listIds(lockedOut)}: no valid secret, locked out`, remedy);
  const ending = lacking({ ...now, nowMs: now.nowMs + NOTICE_MS });
  if (ending.length > 0)
    return warn(check, `${listIds(ending)}: the last secret expires within 14 days`, remedy);
  return ok(check, `every enabled client has a valid one (${inUse.length})`);
};

const listIds = (clients: readonly Client[]): string => {
  const ids = clients.slice(0, IDS_MAX).map(({ id }) => id);
  const more = clients.length > IDS_MAX ? ` and ${clients.length - IDS_MAX} more` : '';
  return `${clients.length === 1 ? 'client' : 'clients'} ${ids.join(', ')}${more}`;
};
