import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataDirectory, removeDataDirectory, startKeyfob } from '../keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../keyfob-process.ts';
import type { Cast, Identity } from './fuzz-request.ts';
import { sendRaw, writeRequest } from './raw-request.ts';
import { goodRequest, makeClientWithGrant } from './served-grant.ts';
import type { DialectName } from './served-grant.ts';

const DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];
const PART_CHARACTERS = 12;
const USER_AGENT = /"userAgent":"(?:[^"\\]|\\.)*"/g;

/** A server to be fuzzed, with what can be told of it from outside. Faults are told in words; none is `undefined`. */
export type FuzzTarget = {
  readonly url: string;
  readonly cast: Cast;
  /** What no answer may echo. */
  readonly secrets: readonly string[];
  isAlive(): boolean;
  /** Resident memory; `undefined` where the system does not tell it by `/proc`. */
  readMegabytes(): number | undefined;
  /** Reads what was logged since last time. */
  findLogFault(): string | undefined;
  findMovedGrant(): Promise<string | undefined>;
  /** The control: the genuine client, secret and token, which must be answered with the next ones. */
  findDeadToken(): Promise<string | undefined>;
  stop(): Promise<string | undefined>;
};

/** Starts a server of its own that logs at level `info`, with clients and grants of both dialects. */
export const startFuzzTarget = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<FuzzTarget> => {
  const logDirectory = makeDataDirectory();
  const logFile = join(logDirectory, 'log');
  // Appending, so that the file can be cut to nothing once read: a million lines need not be kept.
  const logDescriptor = openSync(logFile, 'a');
  const spawn = { stdio: ['ignore', 'pipe', logDescriptor] as const };
  const server = await startKeyfob({
    args: ['--log-level', 'info'],
    environment,
    spawn: { stdio: [...spawn.stdio] },
  }).finally(() => closeSync(logDescriptor));
  const exited = once(server.child, 'exit');
  const people = await Promise.all(
    DIALECTS.flatMap((dialect) => [
      makeClientWithGrant(server, dialect),
      makeClientWithGrant(server, dialect),
    ]),
  );
  const [smartcarOwn, smartcarStranger, pleosOwn, pleosStranger] = people as [
    Identity,
    Identity,
    Identity,
    Identity,
  ];
  const cast: Cast = {
    smartcar: { own: smartcarOwn, stranger: smartcarStranger },
    pleos: { own: pleosOwn, stranger: pleosStranger },
  };
  const secrets = people.flatMap(secretsOf);
  const parts = secrets.flatMap(partsOf);

  return {
    url: server.url,
    cast,
    secrets,
    isAlive: () => server.child.exitCode === null && server.child.signalCode === null,
    readMegabytes: () => readMegabytes(server.child.pid),
    findLogFault() {
      const log = readFileSync(logFile, 'latin1');
      truncateSync(logFile);
      if (log.includes('"event":"internal.failed"') || log.includes('"event":"store.unavailable"'))
        return `the server says it failed: ${log.slice(log.search(/internal\.failed|store\.unavailable/)).slice(0, 2000)}`;
      if (!parts.some((part) => log.includes(part))) return undefined;
      // What a client calls itself is told as it was said; everything else is the server's own word.
      const own = log.replace(USER_AGENT, '');
      const leaked = parts.find((part) => own.includes(part));
      return leaked === undefined ? undefined : `a secret is in the log: ${lineWith(own, leaked)}`;
    },
    findMovedGrant: async () => findMovedGrant(server),
    findDeadToken: async () => findDeadToken(server.url, cast),
    async stop() {
      const isAlive = server.child.exitCode === null && server.child.signalCode === null;
      const code = isAlive ? await server.stop() : (await exited)[0];
      const lastWords = readFileSync(logFile, 'latin1').slice(-2000);
      removeDataDirectory(server.dataDirectory);
      removeDataDirectory(logDirectory);
      return code === 0 ? undefined : `the server ended with ${String(code)}: ${lastWords}`;
    },
  };
};

const secretsOf = (one: Identity): readonly string[] => [
  one.clientSecret,
  one.accessToken,
  one.refreshToken,
  basicOf(one),
];

const basicOf = ({ clientId, clientSecret }: MadeClient): string =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64');

/** Parts side by side, so that anything of twice their length contains one. */
const partsOf = (secret: string): readonly string[] =>
  Array.from({ length: Math.floor(secret.length / PART_CHARACTERS) }, (_, index) =>
    secret.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS),
  );

const lineWith = (log: string, part: string): string => {
  const at = log.indexOf(part);
  return log.slice(log.lastIndexOf('\n', at) + 1, log.indexOf('\n', at));
};

const readMegabytes = (pid: number | undefined): number | undefined => {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const kilobytes = /^VmRSS:\s+(?<kilobytes>\d+)/m.exec(readFileSync(path, 'utf8'))?.groups?.['kilobytes'];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
};

const findMovedGrant = async (server: KeyfobServer): Promise<string | undefined> => {
  type Listed = { grantId: string; generation: number; state?: string; revokedAt?: unknown };
  const { grants } = await server.command<{ grants: Listed[] }>('grant', 'list');
  const moved = grants.filter(({ generation }) => generation !== 0);
  if (grants.length !== 2 * DIALECTS.length)
    return `of ${2 * DIALECTS.length} grants ${grants.length} are there`;
  return moved.length === 0 ? undefined : `grants have moved: ${JSON.stringify(moved)}`;
};

const findDeadToken = async (url: string, cast: Cast): Promise<string | undefined> => {
  for (const dialect of DIALECTS)
    for (const one of Object.values(cast[dialect])) {
      const [answer] = await sendRaw(url, writeRequest(goodRequest(dialect, one, one.refreshToken)));
      if (answer?.status !== 200)
        return `a good token of ${dialect} was answered ${answer?.status} ${answer?.body}`;
    }
  return undefined;
};
