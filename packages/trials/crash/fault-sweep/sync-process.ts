// The process whose disk fails to sync one commit. The first argument names the store, the second a file: while that
// exists, syncs fail. The third says what comes after the failed commit. Each answer is a line on standard output.
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import { idOf, refreshUseOf, SYNC_GRANT } from './steps.ts';

/** What comes after the failed commit. */
export type Sequel = 'die' | 'close' | 'commit and die' | 'retry and die';

/** What the process saw. Generations of the one grant, whose token of generation 1 was presented. */
export type Seen = {
  /** How the refresh whose sync failed was reported. */
  readonly reported: string;
  readonly bySameConnection: number | undefined;
  readonly byOtherConnection: number;
  /** The verdict on the retry, where there was one. */
  readonly retried: string | undefined;
};

const [path = '', marker = '', sequel = 'die'] = process.argv.slice(2);
const store = openSqliteStore(path);
const refresh = async (presented: number, isRetryOfOurs: boolean): Promise<string> => {
  const result = await store.refresh(refreshUseOf(SYNC_GRANT, presented, { keyNumber: 1, isRetryOfOurs }));
  return result === 'client_gone' ? result : result.verdict.kind;
};

await refresh(0, false);
writeFileSync(marker, '');
const reported = await refresh(1, false).catch((error: unknown) =>
  error instanceof StoreError ? error.kind : String(error),
);
rmSync(marker);

const bySameConnection = (await store.readGrant(idOf(SYNC_GRANT.id)))?.generation;
const other = new DatabaseSync(path);
const byOtherConnection = Number(other.prepare('SELECT generation FROM grants').get()?.['generation']);
other.close();
if (sequel === 'commit and die')
  await store.registerKey({ number: 9, createdAt: 1, fingerprint: '9'.repeat(32) });
const retried = sequel === 'retry and die' ? await refresh(1, true) : undefined;
const seen: Seen = { reported, bySameConnection, byOtherConnection, retried };
writeSync(1, JSON.stringify(seen));
if (sequel === 'close') await store.close();
else process.kill(process.pid, 'SIGKILL');
