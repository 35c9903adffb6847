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
import type { Identities, Identity } from './request.ts';
import { sendRaw, writeRequest } from '../support/raw-request.ts';
import { goodRequest, makeClientWithGrant } from '../support/served-grant.ts';
import type { DialectName } from '../support/dialect-name.ts';

const DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];
const PART_CHARACTERS = 12;
const LINES_MAX = 3;
const LOG_END_CHARACTERS = 2000;
const FAILURE =
  /"event":"(?:internal\.failed|store\.unavailable|grant\.revoked|refresh\.(?:rotated|repeated|resynced|replayed))"/;
const REQUEST_ID = /"requestId":"(?<id>[^"]*)"/;
const USER_AGENT = /"userAgent":"(?:[^"\\]|\\.)*"/g;

/** A fault in a line of the log. */
export type LogFault = { readonly what: string; readonly requestId: string };

/** The fuzzed server, with checks from outside. A check returns a description of the fault, or `undefined`. */
export type FuzzTarget = {
  readonly url: string;
  readonly identities: Identities;
  /** Texts that must not appear in an answer. */
  readonly secrets: readonly string[];
  isAlive(): boolean;
  /** Resident memory; `undefined` on systems without `/proc`. */
  readMegabytes(): number | undefined;
  /** Reads the log since the last call and returns its faults, with the ids of their requests. */
  findLogFaults(): readonly LogFault[];
  /** Checks that all grants exist and still have their first generation. */
  findChangedGrant(): Promise<string | undefined>;
  /** Checks that the genuine credentials and tokens still refresh. */
  findFailedRefresh(): Promise<string | undefined>;
  stop(): Promise<string | undefined>;
};

/** Starts a server with log level debug and with clients and grants of both dialects. */
export const startFuzzTarget = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<FuzzTarget> => {
  const logDirectory = makeDataDirectory();
  const logFile = join(logDirectory, 'log');
  // Opened for appending, so that the file can be truncated after each read. The log of a million requests is not kept.
  const logDescriptor = openSync(logFile, 'a');
  const server = await startKeyfob({
    args: ['--log-level', 'debug'],
    environment: { ...UNTHROTTLED, ...environment },
    spawn: { stdio: ['ignore', 'pipe', logDescriptor] },
  }).finally(() => closeSync(logDescriptor));
  const exited = once(server.child, 'exit');
  const clientsWithGrants = await Promise.all(
    DIALECTS.flatMap((dialect) => [
      makeClientWithGrant(server, dialect),
      makeClientWithGrant(server, dialect),
    ]),
  );
  const [smartcarOwn, smartcarStranger, pleosOwn, pleosStranger] = clientsWithGrants as [
    Identity,
    Identity,
    Identity,
    Identity,
  ];
  const identities: Identities = {
    smartcar: { own: smartcarOwn, stranger: smartcarStranger },
    pleos: { own: pleosOwn, stranger: pleosStranger },
  };
  const secrets = clientsWithGrants.flatMap(secretsOf);
  const parts = secrets.flatMap(partsOf);
  let logEnd = '';

  return {
    url: server.url,
    identities,
    secrets,
    isAlive: () => server.child.exitCode === null && server.child.signalCode === null,
    readMegabytes: () => readMegabytes(server.child.pid),
    findLogFaults() {
      const log = readFileSync(logFile, 'latin1');
      truncateSync(logFile);
      logEnd = log.slice(-LOG_END_CHARACTERS);
      return [...findFailures(log), ...findLeaks(log, parts)];
    },
    findChangedGrant: async () => findChangedGrant(server),
    findFailedRefresh: async () => findFailedRefresh(server.url, identities),
    async stop() {
      const isAlive = server.child.exitCode === null && server.child.signalCode === null;
      const code = isAlive ? await server.stop() : (await exited)[0];
      logEnd = (logEnd + readFileSync(logFile, 'latin1')).slice(-LOG_END_CHARACTERS);
      removeDataDirectory(server.dataDirectory);
      removeDataDirectory(logDirectory);
      return code === 0 ? undefined : `the server exited with ${String(code)}: ${logEnd}`;
    },
  };
};

const secretsOf = (identity: Identity): readonly string[] => [
  identity.clientSecret,
  identity.accessToken,
  identity.refreshToken,
  basicOf(identity),
];

const basicOf = ({ clientId, clientSecret }: MadeClient): string =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64');

/** Consecutive parts of a secret. A fragment of twice their length contains at least one of them. */
const partsOf = (secret: string): readonly string[] =>
  Array.from({ length: Math.floor(secret.length / PART_CHARACTERS) }, (_, index) =>
    secret.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS),
  );

/** The first lines with a failure, a refresh or a revocation. */
const findFailures = (log: string): readonly LogFault[] => {
  if (!FAILURE.test(log)) return [];
  const lines = log.split('\n').filter((line) => FAILURE.test(line));
  return lines
    .slice(0, LINES_MAX)
    .map((line) => ({ what: `the log has the line ${line}`, requestId: idIn(line) }));
};

const findLeaks = (log: string, parts: readonly string[]): readonly LogFault[] => {
  if (!parts.some((part) => log.includes(part))) return [];
  // The User-Agent is logged as the client sent it. The server writes everything else.
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

const findChangedGrant = async (server: KeyfobServer): Promise<string | undefined> => {
  type Listed = { grantId: string; generation: number; state?: string; revokedAt?: unknown };
  const { grants } = await server.command<{ grants: Listed[] }>('grant', 'list');
  const changed = grants.filter(({ generation }) => generation !== 0);
  if (grants.length !== 2 * DIALECTS.length)
    return `the server lists ${grants.length} grants instead of ${2 * DIALECTS.length}`;
  return changed.length === 0 ? undefined : `grants have changed: ${JSON.stringify(changed)}`;
};

const findFailedRefresh = async (url: string, identities: Identities): Promise<string | undefined> => {
  for (const dialect of DIALECTS)
    for (const identity of Object.values(identities[dialect])) {
      const request = goodRequest(dialect, identity, identity.refreshToken);
      const [answer] = await sendRaw(url, writeRequest(request));
      if (answer?.status !== 200)
        return `a genuine token of ${dialect} got the answer ${answer?.status} ${answer?.body}`;
    }
  return undefined;
};
