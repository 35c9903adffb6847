import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOBODY } from './cluster.ts';

/** A key and a certificate that it signed itself, as files that PostgreSQL accepts. */
export type Certificate = { readonly certificate: string; readonly key: string; remove(): void };

const PROGRAM = 'openssl';

/** Makes a certificate for host names, with `openssl`. Returns a reason if there is none. */
export const makeCertificate = (
  host: string,
  ...moreHosts: readonly string[]
): Certificate | { readonly reason: string } => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-tls-'));
  const [certificate, key] = [join(directory, 'server.crt'), join(directory, 'server.key')];
  const names = [host, ...moreHosts].map((name) => `DNS:${name}`).join(',');
  const about = ['-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=${names}`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    execFileSync(PROGRAM, ['req', '-x509', ...kind, '-keyout', key, '-out', certificate, ...about], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmSync(directory, { recursive: true });
    return { reason: `openssl made no certificate: ${(error as Error).message}` };
  }
  chmodSync(directory, 0o755);
  chmodSync(key, 0o600);
  if (process.getuid?.() === 0) chownSync(key, NOBODY.uid, NOBODY.gid);
  return { certificate, key, remove: () => rmSync(directory, { recursive: true }) };
};
