import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OperatorError } from '@keyfob/server/errors';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { makeCertificate } from '../support/postgres/certificate.ts';
import type { Certificate } from '../support/postgres/certificate.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';

const TITLE = 'a database with TLS';
const [own, foreign] = [makeCertificate('localhost'), makeCertificate('localhost')];
const cluster = 'reason' in own ? own : await startCluster();
if ('reason' in own || 'reason' in foreign || 'reason' in cluster) {
  const reason = [own, foreign, cluster].map((one) => ('reason' in one ? one.reason : '')).join('');
  test(TITLE, { skip: reason }, () => {});
} else describe(TITLE, () => tryTls(cluster, own, foreign));

function tryTls(
  server: Cluster,
  { certificate: file, key, remove }: Certificate,
  { certificate: other, remove: removeOther }: Certificate,
): void {
  const access = join(dirname(file), 'pg_hba.conf');
  /** The certificate names `localhost` and no address. */
  const urlOf = (query: string, host = 'localhost'): string =>
    `${server.url().replace('127.0.0.1', host)}?${query}`;
  const startWith = async (ssl: 'on' | 'off', rules: string): Promise<void> => {
    await server.stop();
    writeFileSync(access, `${rules} all all 127.0.0.1/32 trust\n`);
    await server.start({ ssl, ssl_cert_file: file, ssl_key_file: key, hba_file: access });
  };

  after(async () => {
    await server.remove();
    remove();
    removeOther();
  });

  describe('that accepts nothing else', () => {
    before(() => startWith('on', 'hostssl'));

    test('A plain connection is refused as such, and not as a wrong password.', async () => {
      await isRefused(urlOf(''), 'store_tls_required');
      await isRefused(urlOf('sslmode=disable'), 'store_tls_required');
    });

    test('"require" encrypts and accepts any certificate.', async () => {
      await isAccepted(urlOf('sslmode=require', '127.0.0.1'));
    });

    test('"require" with an authority checks the certificate, as "verify-ca".', async () => {
      await isAccepted(urlOf(`sslmode=require&sslrootcert=${file}`, '127.0.0.1'));
      await isRefused(urlOf(`sslmode=require&sslrootcert=${other}`), 'store_certificate_refused');
    });

    test('"verify-ca" accepts a certificate of the authority for any name.', async () => {
      await isAccepted(urlOf(`sslmode=verify-ca&sslrootcert=${file}`, '127.0.0.1'));
      await isRefused(urlOf(`sslmode=verify-ca&sslrootcert=${other}`), 'store_certificate_refused');
    });

    test('"verify-full" accepts a certificate of the authority for this name.', async () => {
      await isAccepted(urlOf(`sslmode=verify-full&sslrootcert=${file}`));
      await isRefused(
        urlOf(`sslmode=verify-full&sslrootcert=${file}`, '127.0.0.1'),
        'store_certificate_refused',
      );
      await isRefused(urlOf('sslmode=verify-full'), 'store_certificate_refused');
    });

    test('A file that cannot be read is reported by its name.', async () => {
      await isRefused(urlOf('sslmode=verify-full&sslrootcert=/no/such/file'), 'store_tls_file');
    });

    test('"prefer" and "allow" are refused before anything is sent.', async () => {
      for (const mode of ['prefer', 'allow'])
        await isRefused(urlOf(`sslmode=${mode}`), 'store_address_wrong');
    });
  });

  describe('that wants a certificate of the client', () => {
    before(() => startWith('on', 'hostssl'));

    test('The client sends its own.', async () => {
      await server.stop();
      writeFileSync(access, `hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n`);
      await server.start({
        ssl_ca_file: file,
        ssl_cert_file: file,
        ssl_key_file: key,
        ssl: 'on',
        hba_file: access,
      });
      await isRefused(urlOf(`sslmode=require`), 'store_client_certificate_missing');
      await isAccepted(urlOf(`sslmode=require&sslcert=${file}&sslkey=${key}`));
    });
  });

  describe('that is turned off', () => {
    before(() => startWith('off', 'host'));

    for (const mode of ['require', `verify-ca&sslrootcert=${file}`, 'verify-full'])
      test(`sslmode=${mode.split('&')[0]} is refused, and not answered in plain text.`, () =>
        isRefused(urlOf(`sslmode=${mode}`), 'store_tls_unavailable'));

    test('"disable" connects.', async () => {
      await isAccepted(urlOf('sslmode=disable'));
    });
  });
}

async function isRefused(url: string, code: string): Promise<void> {
  await assert.rejects(openPostgresStore(url), (error: unknown) => {
    assert.ok(error instanceof OperatorError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

async function isAccepted(url: string): Promise<void> {
  await (await openPostgresStore(url)).close();
}
