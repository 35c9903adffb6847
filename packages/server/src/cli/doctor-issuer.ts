import type { Client } from '../clients/client.ts';
import type { Config } from '../config.ts';
import type { SecretFinding } from './doctor-secrets.ts';

/** Whether tokens name an issuer that lasts: without one, each server issues by the address it happens to listen on. */
export const examineIssuer = ({ publicUrl }: Config, clients: readonly Client[]): SecretFinding => {
  const check = 'issuer';
  if (publicUrl !== undefined) return { check, finding: publicUrl, remedy: null };
  const count = clients.filter(
    ({ policy }) => policy.accessTokenFormat === 'jwt' || policy.clientCredentials,
  ).length;
  if (count === 0) return { check, finding: 'where each server listens; no client gets JWTs', remedy: null };
  return {
    check,
    finding: `publicUrl is not set, and JWTs of ${count} clients are good only at the address that issued them`,
    remedy: 'Set publicUrl, the same for every server on this store, by KEYFOB_PUBLIC_URL or the file.',
  };
};
