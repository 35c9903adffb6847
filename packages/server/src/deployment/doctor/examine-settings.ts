import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config.ts';
import { ok, warn } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

/** Whether guessing secrets is throttled. */
export const examineGuessing = (config: Config): Finding => {
  const { authenticationFailuresPerAddressMax: perAddress, authenticationFailuresPerClientMax: perClient } =
    config;
  const check = 'guessing';
  const off = [
    ...(perAddress === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX'] : []),
    ...(perClient === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX'] : []),
  ];
  if (off.length > 0)
    return warn(
      check,
      `${off.join(' and ')}: 0, which turns the limit off`,
      'Use the default, or a value above 0.',
    );
  const { authenticationFailuresWindowSeconds: window } = config;
  const finding = `${perAddress} failures per address and ${perClient} per client in ${window} s`;
  return ok(check, finding);
};

/**
 * Whether limits per address count callers or only the proxy. The server speaks plain HTTP, so a public URL with https
 * means that a proxy is in front.
 */
export const examineForwarding = ({ forwardedHops, publicUrl }: Config): Finding => {
  const check = 'callers';
  if (forwardedHops > 0) return ok(check, `named by X-Forwarded-For, through ${forwardedHops} proxies`);
  if (publicUrl?.startsWith('https:') !== true) return ok(check, 'the addresses of the connections');
  return warn(
    check,
    'KEYFOB_PUBLIC_URL is https, so a proxy is in front, but KEYFOB_FORWARDED_HOPS is 0: all callers share its address',
    'Set KEYFOB_FORWARDED_HOPS to the number of your proxies that add to X-Forwarded-For.',
  );
};

/** Whether JWTs name a lasting issuer: without `publicUrl`, the issuer is the address that each server listens on. */
export const examineIssuer = ({ publicUrl }: Config, clients: readonly Client[]): Finding => {
  const check = 'issuer';
  if (publicUrl !== undefined) return ok(check, publicUrl);
  const count = clients.filter(
    ({ policy }) => policy.accessTokenFormat === 'jwt' || policy.clientCredentials,
  ).length;
  if (count === 0) return ok(check, 'the address of each server; no client gets JWTs');
  return warn(
    check,
    `KEYFOB_PUBLIC_URL is not set, so JWTs of ${count} clients are valid only at the address that issued them`,
    'Set KEYFOB_PUBLIC_URL to the same URL for every server on this store.',
  );
};

/** How long is kept what happened to grants, and the grants themselves. */
export const examineRetention = ({ grantEventDays, endedGrantDays }: Config): Finding =>
  ok(
    'retention',
    `grant events ${describeDays(grantEventDays)}, ended grants at least ${endedGrantDays} days (keyfob prune)`,
  );

const describeDays = (days: number): string => (days === 0 ? 'until they are delivered' : `${days} days`);

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

const TLS_REMEDY = 'Put a proxy with TLS in front, and set KEYFOB_PUBLIC_URL to its https URL.';

/** Whether clients reach the server by TLS, which a proxy in front of it ends. */
export const examineTls = ({ publicUrl, host, socket }: Config): Finding => {
  const check = 'tls';
  if (publicUrl === undefined) {
    const isLocal = socket !== undefined || LOOPBACK.has(host) || host === '::1';
    return isLocal
      ? ok(check, `listens on this machine only (${socket ?? host})`)
      : warn(
          check,
          `listens on ${host} without TLS, and has no public URL: tokens cross the network unencrypted`,
          TLS_REMEDY,
        );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:') return ok(check, `${publicUrl}: TLS ends at the proxy in front`);
  if (LOOPBACK.has(hostname)) return ok(check, `${publicUrl}: this machine only`);
  return warn(check, `${publicUrl} is http: tokens cross the network unencrypted`, TLS_REMEDY);
};
