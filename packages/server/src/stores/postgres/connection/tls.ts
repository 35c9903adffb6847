import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { OperatorError } from '../../../errors.ts';
import type { PostgresAddress } from './address.ts';

/** What the driver needs for TLS: `false` for a plain connection. Throws `OperatorError` for a file that cannot be read. */
export const tlsOptionsOf = ({ tls }: PostgresAddress): ConnectionOptions | false => {
  if (tls.mode === 'disable') return false;
  const files = {
    ...read('ca', 'sslrootcert', tls.rootFile),
    ...read('cert', 'sslcert', tls.certificateFile),
    ...read('key', 'sslkey', tls.keyFile),
  };
  switch (tls.mode) {
    case 'require':
      return { ...files, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...files, checkServerIdentity: () => undefined };
    case 'verify-full':
      return files;
  }
};

const read = (option: string, parameter: string, path: string | undefined): ConnectionOptions => {
  if (path === undefined) return {};
  try {
    return { [option]: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new OperatorError(
      'store_tls_file',
      `${path}: the file of ${parameter} cannot be read: ${(error as Error).message}`,
      `Name a readable file in PEM form by ${parameter} in KEYFOB_STORE.`,
      { cause: error },
    );
  }
};
