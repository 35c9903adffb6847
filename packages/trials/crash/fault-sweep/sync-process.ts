// The process whose disk fails to sync one commit. The first argument names the store. The second names a marker file:
// syncs fail while it exists. The third says what the process does after the failed commit. Prints what it observed as
// JSON.
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import { idOf, refreshUseOf, SYNC_GRANT } from './steps.ts';

/** What the process does after the failed commit. */
export type NextAction = 'die' | 'close' | 'commit and die' | 'retry and die';

/** What the process observed. It has one grant, and presented the token of generation 1. */
export type Observation = {
  /** The error of the refresh whose sync failed. */
  readonly reported: string;
  /** The generation that the same connection reads. */
  readonly sameConnectionReads: number | undefined;
  /** The generation that another connection reads. */
  readonly otherConnectionReads: number;
  /** The verdict on the retry, if there was one. */
  readonly retryVerdict: string | undefined;
};

const [path = '', marker = '', nextAction = 'die'] = process.argv.slice(2);
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

const sameConnectionReads = (await store.readGrant(idOf(SYNC_GRANT.id)))?.generation;
const other = new DatabaseSync(path);
const otherConnectionReads = Number(other.prepare('SELECT generation FROM grants').get()?.['generation']);
other.close();
if (nextAction === 'commit and die')
  await store.registerKey({ number: 9, purpose: 'seal', createdAtMs: 1000, fingerprint: '9'.repeat(32) });
const retryVerdict = nextAction === 'retry and die' ? await refresh(1, true) : undefined;
const observation: Observation = { reported, sameConnectionReads, otherConnectionReads, retryVerdict };
writeSync(1, JSON.stringify(observation));
if (nextAction === 'close') await store.close();
else process.kill(process.pid, 'SIGKILL');
