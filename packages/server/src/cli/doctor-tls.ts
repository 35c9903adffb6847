import type { Config } from '../exports/index.ts';
import type { SecretFinding } from './doctor-secrets.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether clients reach the server by TLS, which a proxy in front of it ends. */
export const examineTls = ({ publicUrl, host, socket }: Config): SecretFinding => {
  const check = 'tls';
  if (publicUrl === undefined) {
    const isLocal = socket !== undefined || LOOPBACK.has(host) || host === '::1';
    return isLocal
      ? { check, finding: `listens on this machine only (${socket ?? host})`, remedy: null }
      : {
          check,
          finding: `listens on ${host} without TLS, and has no public URL: tokens cross the network unencrypted`,
          remedy: 'Put a proxy with TLS in front, and set KEYFOB_PUBLIC_URL to its https URL.',
        };
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:')
    return { check, finding: `${publicUrl}: TLS ends at the proxy in front`, remedy: null };
  if (LOOPBACK.has(hostname)) return { check, finding: `${publicUrl}: this machine only`, remedy: null };
  return {
    check,
    finding: `${publicUrl} is http: tokens cross the network unencrypted`,
    remedy: 'Put a proxy with TLS in front, and set KEYFOB_PUBLIC_URL to its https URL.',
  };
};
