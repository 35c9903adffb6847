import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, as PEM, and where they are. */
export type Certificate = {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
};

/** Makes certificates in a folder, by `openssl`. */
export const certificatesIn = (folder: string) => {
  const make = (name: string, subject: string, extensions: string, issuer?: Certificate): Certificate => {
    const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    const extensionFile = join(folder, `${name}.ext`);
    writeFileSync(extensionFile, `[req]\ndistinguished_name=dn\n[dn]\n[v3]\n${extensions}\n`);
    const by = issuer === undefined ? [] : ['-CA', issuer.certFile, '-CAkey', issuer.keyFile];
    execFileSync(
      'openssl',
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'
        .split(' ')
        .concat(
          ['-keyout', keyFile, '-out', certFile, '-subj', subject],
          ['-config', extensionFile, '-extensions', 'v3'],
          by,
        ),
      { stdio: 'pipe' },
    );
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
  };
  return {
    authority: (name: string): Certificate => make(name, `/CN=${name}`, 'basicConstraints=critical,CA:TRUE'),
    /** Of a server on this machine. */
    server: (): Certificate => make('server', '/CN=127.0.0.1', 'subjectAltName=IP:127.0.0.1'),
    /** Of a client: of its own, or issued by an authority. */
    client: (name: string, issuer?: Certificate): Certificate =>
      make(
        name,
        `/O=Example/CN=${name}`,
        `basicConstraints=CA:FALSE\nsubjectAltName=DNS:${name}.example\nextendedKeyUsage=clientAuth`,
        issuer,
      ),
  };
};
