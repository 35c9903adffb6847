import type { Skipped } from '../../support/skipped.ts';
import type { Figures } from '../job.ts';
import type { Wire } from '../wire.ts';

/** Every server that is measured, in the order of a round. */
export const TARGET_NAMES = [
  'echo',
  'smartcar',
  'pleos',
  'oidc-provider',
  'oidc-provider-openid',
  'hydra',
  'smartcar-postgres',
  'pgbench',
  'hydra-postgres',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** Those with a PostgreSQL; the document has a section of their own for them. */
export const ON_POSTGRES: ReadonlySet<TargetName> = new Set([
  'smartcar-postgres',
  'pgbench',
  'hydra-postgres',
]);

/** A server that runs, holding a refresh token for each connection. */
export type Target = {
  readonly name: TargetName;
  /** All that it runs as, its database included; each with its children. */
  readonly pids: readonly number[];
  readonly port: number;
  readonly wire: Wire;
  /** As many as connections were asked for; each is good for one refresh, whose answer brings the next. */
  readonly refreshTokens: readonly string[];
  /** The wal-index of its SQLite store, where it has one: commits are counted there. */
  readonly walIndexPath: string | undefined;
  /** What the reader of its figures has to know, in one sentence. */
  readonly note?: string;
  close(): Promise<void>;
};

/** A program that drives a database by itself, and reports what it measured. */
export type SelfDriven = {
  readonly name: TargetName;
  /** Of the database. */
  readonly pids: readonly number[];
  /** What the reader of its figures has to know, in one sentence. */
  readonly note: string;
  /** With so many connections; `onStarted` gets the process of the program, which is to the database what the generator is to a server. */
  measure(
    wanted: { readonly warmupMs: number; readonly measureMs: number; readonly connections: number },
    onStarted: (pid: number) => void,
  ): Promise<Figures>;
  close(): Promise<void>;
};

/** Starts a server with refresh tokens for so many connections. */
export type OpenTarget = (connections: number) => Promise<Target | SelfDriven | Skipped>;
