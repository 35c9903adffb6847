import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeDataDirectory,
  removeDataDirectory,
  startKeyfob,
  UNTHROTTLED,
} from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import type { Cast, Identity } from './request.ts';
import { sendRaw, writeRequest } from '../support/raw-request.ts';
import { goodRequest, makeClientWithGrant } from '../support/served-grant.ts';
import type { DialectName } from '../support/dialect-name.ts';

const DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];
const PART_CHARACTERS = 12;
const LINES_MAX = 3;
const LAST_WORDS_CHARACTERS = 2000;
const FAILURE =
  /"event":"(?:internal\.failed|store\.unavailable|grant\.revoked|refresh\.(?:rotated|repeated|resynced|replayed))"/;
const REQUEST_ID = /"requestId":"(?<id>[^"]*)"/;
const USER_AGENT = /"userAgent":"(?:[^"\\]|\\.)*"/g;

/** A fault that a line of the log shows. */
export type LogFault = { readonly what: string; readonly requestId: string };

/** A server to be fuzzed, with what can be seen from outside. Faults are in words; `undefined` for none. */
export type FuzzTarget = {
  readonly url: string;
  readonly cast: Cast;
  /** What no answer may echo. */
  readonly secrets: readonly string[];
  isAlive(): boolean;
  /** Resident memory; `undefined` where the system has no `/proc`. */
  readMegabytes(): number | undefined;
  /** Reads what was logged since last time: what the server must not have done, and in answer to which request. */
  findLogFaults(): readonly LogFault[];
  findMovedGrant(): Promise<string | undefined>;
  /** The control: the genuine client, secret and token, which must be answered with the next ones. */
  findDeadToken(): Promise<string | undefined>;
  stop(): Promise<string | undefined>;
};

/** Starts a server of its own that logs everything it can, with clients and grants of both dialects. */
export const startFuzzTarget = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<FuzzTarget> => {
  const logDirectory = makeDataDirectory();
  const logFile = join(logDirectory, 'log');
  // Appending, so that the file can be cut to nothing once read: a million lines need not be kept.
  const logDescriptor = openSync(logFile, 'a');
  const server = await startKeyfob({
    args: ['--log-level', 'debug'],
    environment: { ...UNTHROTTLED, ...environment },
    spawn: { stdio: ['ignore', 'pipe', logDescriptor] },
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
  let lastWords = '';

  return {
    url: server.url,
    cast,
    secrets,
    isAlive: () => server.child.exitCode === null && server.child.signalCode === null,
    readMegabytes: () => readMegabytes(server.child.pid),
    findLogFaults() {
      const log = readFileSync(logFile, 'latin1');
      truncateSync(logFile);
      lastWords = log.slice(-LAST_WORDS_CHARACTERS);
      return [...findFailures(log), ...findLeaks(log, parts)];
    },
    findMovedGrant: async () => findMovedGrant(server),
    findDeadToken: async () => findDeadToken(server.url, cast),
    async stop() {
      const isAlive = server.child.exitCode === null && server.child.signalCode === null;
      const code = isAlive ? await server.stop() : (await exited)[0];
      lastWords = (lastWords + readFileSync(logFile, 'latin1')).slice(-LAST_WORDS_CHARACTERS);
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

/** The first lines that show a failure, or a grant that changed or was revoked. */
const findFailures = (log: string): readonly LogFault[] => {
  if (!FAILURE.test(log)) return [];
  const lines = log.split('\n').filter((line) => FAILURE.test(line));
  return lines.slice(0, LINES_MAX).map((line) => ({ what: `the log says ${line}`, requestId: idIn(line) }));
};

const findLeaks = (log: string, parts: readonly string[]): readonly LogFault[] => {
  if (!parts.some((part) => log.includes(part))) return [];
  // What a client calls itself is told as it was said; everything else is the server's own word.
  const lines = log.split('\n').map((line) => line.replace(USER_AGENT, ''));
  const leaking = lines.filter((line) => parts.some((part) => line.includes(part)));
  return leaking
    .slice(0, LINES_MAX)
    .map((line) => ({ what: `a secret is in the log: ${line}`, requestId: idIn(line) }));
};

const idIn = (line: string): string => REQUEST_ID.exec(line)?.groups?.['id'] ?? '';

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
