import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';

/** Where a server listens: on a host and port, or on a Unix socket. */
export type ListenAddress = Pick<Config, 'host' | 'port' | 'socket'>;

/**
 * Starts to listen, and answers the URL by which programs on this machine reach the server, or `unix:` with the path of its
 * socket. Rejects with the error of the system.
 */
export const listenOn = async (server: Server, { host, port, socket }: ListenAddress): Promise<string> => {
  if (socket !== undefined) await makeRoom(socket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const onListening = (): void => {
      server.off('error', reject);
      resolve();
    };
    // A loopback port is open to every user of the machine too; the folder of a socket can be closed to them.
    if (socket !== undefined)
      server.listen({ path: socket, readableAll: true, writableAll: true }, onListening);
    else server.listen(port, host, onListening);
  });
  return socket === undefined ? urlOf(host, server.address() as AddressInfo) : `unix:${socket}`;
};

/** The addresses that stand for all of the machine, and where they are reached on the machine itself. */
const LOOPBACK_OF: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Whether a host stands for all addresses of the machine. */
export const isEveryAddress = (host: string): boolean => Object.hasOwn(LOOPBACK_OF, addressOf(host) ?? '');

/** The address that a host is, as parsers of URLs write it; `undefined` for a name. Also for short forms, such as `0`. */
const addressOf = (host: string): string | undefined => {
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}`;
  const address = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : host;
  return isIP(address) === 0 ? undefined : address;
};

/**
 * A name stays as it was given, and an address for all of the machine becomes its loopback address: the URL is the issuer, unless
 * one is configured, and strict clients compare the issuer with the URL that they were given.
 */
const urlOf = (host: string, { port }: AddressInfo): string => {
  const address = addressOf(host);
  const reached = address === undefined ? host.toLowerCase() : (LOOPBACK_OF[address] ?? address);
  return `http://${isIP(reached) === 6 ? `[${reached}]` : reached}:${port}`;
};

/**
 * A process that was killed leaves its socket, on which nobody can listen again. Another process that starts may put its own in
 * the place at any moment, so the socket is moved aside and asked again before it is removed: nobody loses one that is in use. Any
 * other file stays, and is an error with the code `ENOTSOCK`.
 */
const makeRoom = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw Object.assign(new Error(`${path} is no socket`), { code: 'ENOTSOCK' });
  if (!(await isDeadSocket(path))) return;
  const aside = join(dirname(path), `.${process.pid}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    // Somebody else has removed it. Listening says whether the place is free.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!(await isDeadSocket(aside))) linkSync(aside, path);
  unlinkSync(aside);
};

const isDeadSocket = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
