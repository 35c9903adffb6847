import type { Skipped } from '../../support/skipped.ts';
import type { Figures } from '../job.ts';
import type { Wire } from '../wire.ts';

/** Every measured server, in the order of a round. */
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

/** The targets on PostgreSQL. The document has a separate section for them. */
export const ON_POSTGRES: ReadonlySet<TargetName> = new Set([
  'smartcar-postgres',
  'pgbench',
  'hydra-postgres',
]);

/** A running server, with a refresh token for each connection. */
export type Target = {
  readonly name: TargetName;
  /** All its processes, including its database. Their children count too. */
  readonly pids: readonly number[];
  readonly port: number;
  readonly wire: Wire;
  /** One per requested connection. Each works for one refresh, whose answer has the next token. */
  readonly refreshTokens: readonly string[];
  /** The wal-index of its SQLite store, from which commits are counted; `undefined` without one. */
  readonly walIndexPath: string | undefined;
  /** What a reader must know about its figures, in one sentence. */
  readonly note?: string;
  close(): Promise<void>;
};

/** A program that generates its own load on a database and reports its figures. */
export type SelfDriven = {
  readonly name: TargetName;
  /** The processes of the database. */
  readonly pids: readonly number[];
  /** What a reader must know about its figures, in one sentence. */
  readonly note: string;
  /** Runs one measurement. `onStarted` receives the id of the program's process, which has the generator's role. */
  measure(
    plan: { readonly warmupMs: number; readonly measureMs: number; readonly connections: number },
    onStarted: (pid: number) => void,
  ): Promise<Figures>;
  close(): Promise<void>;
};

/** Starts a server with a refresh token for each connection. */
export type OpenTarget = (connections: number) => Promise<Target | SelfDriven | Skipped>;
