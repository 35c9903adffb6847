import type { Now } from '../exports/grants.ts';
import type { Config } from '../exports/index.ts';
import { isInForce } from '../exports/clients.ts';
import type { Client } from '../exports/clients.ts';

/** A finding about how clients authenticate; `remedy` is `null` if nothing is wrong. */
export type SecretFinding = {
  readonly check: string;
  readonly finding: string;
  readonly remedy: string | null;
};

/** How long a client needs to take over a new secret. */
const NOTICE_MS = 14 * 86_400_000;
/** How many ids are listed at most. */
const IDS_MAX = 5;

/** Finds enabled clients that are locked out, or will be soon. */
export const examineSecrets = (clients: readonly Client[], now: Now): SecretFinding => {
  const check = 'client secrets';
  const inUse = clients.filter(({ type, disabledAtMs }) => type !== 'public' && disabledAtMs === undefined);
  const lacking = (at: Now) =>
    inUse.filter(({ secrets }) => !secrets.some((secret) => isInForce(secret, at)));
  const remedy = 'Add a secret with "keyfob client secret add", or disable the client.';
  const lockedOut = lacking(now);
  if (lockedOut.length > 0)
    return { check, finding: `${listIds(lockedOut)}: no valid secret, locked out`, remedy };
  const ending = lacking({ ...now, nowMs: now.nowMs + NOTICE_MS });
  if (ending.length > 0)
    return { check, finding: `${listIds(ending)}: the last secret expires within 14 days`, remedy };
  return { check, finding: `every enabled client has a valid one (${inUse.length})`, remedy: null };
};

/** Whether guessing secrets is throttled. */
export const examineGuessing = (config: Config): SecretFinding => {
  const { authenticationFailuresPerAddressMax: perAddress, authenticationFailuresPerClientMax: perClient } =
    config;
  const check = 'guessing';
  const off = [
    ...(perAddress === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX'] : []),
    ...(perClient === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX'] : []),
  ];
  if (off.length > 0)
    return {
      check,
      finding: `${off.join(' and ')}: 0, which turns the limit off`,
      remedy: 'Use the default, or a value above 0.',
    };
  const { authenticationFailuresWindowSeconds: window } = config;
  const finding = `${perAddress} failures per address and ${perClient} per client in ${window} s`;
  return { check, finding, remedy: null };
};

/**
 * Whether limits per address count callers or only the proxy. The server speaks plain HTTP, so a public URL with https
 * means that a proxy is in front.
 */
export const examineForwarding = ({ forwardedHops, publicUrl }: Config): SecretFinding => {
  const check = 'callers';
  if (forwardedHops > 0)
    return { check, finding: `named by X-Forwarded-For, through ${forwardedHops} proxies`, remedy: null };
  if (publicUrl?.startsWith('https:') !== true)
    return { check, finding: 'the addresses of the connections', remedy: null };
  return {
    check,
    finding:
      'KEYFOB_PUBLIC_URL is https, so a proxy is in front, but KEYFOB_FORWARDED_HOPS is 0: all callers share its address',
    remedy: 'Set KEYFOB_FORWARDED_HOPS to the number of your proxies that add to X-Forwarded-For.',
  };
};

const listIds = (clients: readonly Client[]): string => {
  const ids = clients.slice(0, IDS_MAX).map(({ id }) => id);
  const more = clients.length > IDS_MAX ? ` and ${clients.length - IDS_MAX} more` : '';
  return `${clients.length === 1 ? 'client' : 'clients'} ${ids.join(', ')}${more}`;
};
