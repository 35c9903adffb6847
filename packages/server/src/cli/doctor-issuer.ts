import type { Config } from '../exports/index.ts';
import type { Client } from '../exports/clients.ts';
import type { SecretFinding } from './doctor-secrets.ts';

/** Whether JWTs name a lasting issuer: without `publicUrl`, the issuer is the address that each server listens on. */
export const examineIssuer = ({ publicUrl }: Config, clients: readonly Client[]): SecretFinding => {
  const check = 'issuer';
  if (publicUrl !== undefined) return { check, finding: publicUrl, remedy: null };
  const count = clients.filter(
    ({ policy }) => policy.accessTokenFormat === 'jwt' || policy.clientCredentials,
  ).length;
  if (count === 0) return { check, finding: 'the address of each server; no client gets JWTs', remedy: null };
  return {
    check,
    finding: `KEYFOB_PUBLIC_URL is not set, so JWTs of ${count} clients are valid only at the address that issued them`,
    remedy: 'Set KEYFOB_PUBLIC_URL to the same URL for every server on this store.',
  };
};
