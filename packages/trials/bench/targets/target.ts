import type { Skipped } from '../../support/skipped.ts';
import type { Figures } from '../job.ts';
import type { Wire } from '../wire.ts';

/** Every measured server, in the order of a round. */
export const TARGET_NAMES = [
  'echo',
  'echo-pleos',
  'smartcar',
  'pleos',
  'oidc-provider',
  'oidc-provider-openid',
  'hydra',
  'smartcar-postgres',
  'pgbench',
  'hydra-postgres',
  'hydra-postgres-1-round',
  'keycloak-postgres',
  'smartcar-untraced',
  'smartcar-sdk',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** Those that show what tracing costs: without any code for it, and with an SDK. */
export const OF_TRACING = ['smartcar-untraced', 'smartcar-sdk'] as const satisfies readonly TargetName[];

/** The servers of others. */
export const PEERS = [
  'oidc-provider',
  'oidc-provider-openid',
  'hydra',
  'hydra-postgres',
  'hydra-postgres-1-round',
  'keycloak-postgres',
] as const satisfies readonly TargetName[];

/** Keyfob and the bare servers. A wrong answer of one of them ends a run. */
export const OURS: ReadonlySet<TargetName> = new Set([
  'echo',
  'echo-pleos',
  'smartcar',
  'pleos',
  'smartcar-postgres',
  ...OF_TRACING,
]);

/** What a correct answer promises about a crash of the machine: the commit is synced to disk, nothing is, or nothing needs to be. */
export type Durability = 'synced' | 'in memory' | 'no state';

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
  readonly durability: Durability;
  /** The length of a load before the first round, for a server whose code becomes faster while it runs. */
  readonly firstWarmupMs?: number;
  /** What a reader must know about its figures, in one sentence. */
  readonly note?: string;
  close(): Promise<void>;
};

/** A program that generates its own load on a database and reports its figures. */
export type SelfDriven = {
  readonly name: TargetName;
  /** The processes of the database. */
  readonly pids: readonly number[];
  readonly durability: Durability;
  /** What a reader must know about its figures, in one sentence. */
  readonly note: string;
  /** Runs one measurement. `onStarted` receives the id of the program's process, which has the generator's role. */
  measure(
    plan: { readonly warmupMs: number; readonly measureMs: number; readonly connections: number },
    onStarted: (pid: number) => void,
  ): Promise<Figures>;
  close(): Promise<void>;
};

/** How to start a target. */
export type OpenOptions = {
  /** Whether programs of others may be downloaded and built, if the cache lacks them. */
  readonly mayDownload: boolean;
};

/** Starts a server with a refresh token for each connection. */
export type OpenTarget = (
  connections: number,
  options: OpenOptions,
) => Promise<Target | SelfDriven | Skipped>;
