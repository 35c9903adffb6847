import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDocument } from '../docs/documents.ts';
import { findProgram } from './find-program.ts';
import { isListening } from './is-listening.ts';
import type { Scope } from './test-directory.ts';

/** A web server as a system installs it, which takes a configuration of `docs/operations.md` or of `deploy`. */
export type SystemProxy = {
  /** As the block in the page is marked. */
  readonly name: 'nginx' | 'apache';
  /** `false`, or why it cannot run on this machine. */
  readonly skip: string | false;
  /** The whole configuration around the block of the page, and the arguments to run it in one process. */
  readonly arrange: (about: {
    readonly port: number;
    readonly directory: string;
    readonly block: string;
  }) => {
    readonly configuration: string;
    readonly args: readonly string[];
  };
  /** How the page writes the address of the server, by TCP and by socket. */
  readonly backend: (
    address: { readonly port: number } | { readonly socket: string },
    block: string,
  ) => string;
  readonly program: string;
};

/** As root they change to another user, who could not enter the folders of a test. */
const IS_ROOT = process.getuid?.() === 0;

const NGINX_TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export const nginx: SystemProxy = {
  name: 'nginx',
  program: findProgram('nginx') ?? '',
  skip: findProgram('nginx') === undefined && 'nginx is not installed (Debian: nginx-light)',
  arrange: ({ port, directory, block }) => ({
    args: ['-p', directory, '-c', join(directory, 'configuration')],
    configuration: `daemon off;
master_process off;
${IS_ROOT ? 'user root;' : ''}
pid ${directory}/pid;
error_log ${directory}/error.log;
events {}
http {
  access_log off;
  ${NGINX_TEMPORARY.map((use) => `${use}_temp_path ${directory}/${use};`).join('\n  ')}
  ${block.replace('# listen, server_name, ssl_certificate', `listen 127.0.0.1:${port};`)}
}
`,
  }),
  backend: (address, block) =>
    block.replace(
      'server 127.0.0.1:8787;',
      'port' in address ? `server 127.0.0.1:${address.port};` : `server unix:${address.socket};`,
    ),
};

/** What the page has the reader copy. */
const OUTAGE_PAGE = 'outage.asis';

const APACHE_MODULES = '/usr/lib/apache2/modules';

const apache: SystemProxy = {
  name: 'apache',
  program: findProgram('apache2') ?? '',
  skip:
    (findProgram('apache2') === undefined || !existsSync(APACHE_MODULES)) &&
    'Apache is not installed (Debian: apache2)',
  arrange: ({ port, directory, block }) => ({
    args: ['-X', '-f', join(directory, 'configuration')],
    configuration: `ServerRoot ${directory}
PidFile ${directory}/pid
ErrorLog ${directory}/error.log
Listen 127.0.0.1:${port}
ServerName cars.example
${IS_ROOT ? 'User nobody\nGroup nogroup' : ''}
${['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'alias', 'asis']
  .map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`)
  .join('\n')}
${block.replace('/etc/keyfob/outage.asis', join(directory, OUTAGE_PAGE))}`,
  }),
  backend: (address, block) =>
    'port' in address
      ? block.replaceAll('http://127.0.0.1:8787/', `http://127.0.0.1:${address.port}/`)
      : block.replaceAll('http://127.0.0.1:8787/', `unix:${address.socket}|http://keyfob/`),
};

/** Those that the page has a configuration for. */
export const SYSTEM_PROXIES: readonly SystemProxy[] = [nginx, apache];

const POLL_MS = 5;

/** A folder that the user of a web server can enter. */
export const openFolderFor = (scope: Scope): string => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-proxy-'));
  chmodSync(directory, 0o755);
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** Starts a web server with a block of the page, and resolves when it listens. */
export const startProxy = async (
  scope: Scope,
  { arrange, program, name }: SystemProxy,
  about: { readonly port: number; readonly block: string },
): Promise<void> => {
  const directory = openFolderFor(scope);
  const { configuration, args } = arrange({ ...about, directory });
  writeFileSync(join(directory, 'configuration'), configuration);
  writeFileSync(join(directory, OUTAGE_PAGE), readDocument(`deploy/apache/${OUTAGE_PAGE}`));
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  scope.after(() => stop(child));
  while (!(await isListening(about.port))) {
    if (child.exitCode !== null) throw new Error(`${name} exited with code ${child.exitCode}: ${errors}`);
    await sleep(POLL_MS);
  }
};

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};
