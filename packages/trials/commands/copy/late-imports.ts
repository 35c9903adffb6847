import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { spawnKeyfob } from '../../support/keyfob-process.ts';
import type { Ended, KeyfobServer, MadeClient } from '../../support/keyfob-process.ts';
import { json, row } from '../import/stage.ts';
import { refreshSmartcar, refusalOf } from '../../support/refresh-request.ts';
import { directoryFor, setStrict } from '../../support/test-directory.ts';

const LATE_IMPORTS = 5000;

type Environment = Readonly<Record<string, string>>;
type Row = ReturnType<typeof row>;

const tokenOf = (imported: Row | undefined): string => imported?.refresh_token ?? '';

/** Imports tokens of another service: some before the first copy, most during the second. */
export const importInto = async (t: TestContext, server: KeyfobServer) => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
  await setStrict(server, client);
  const newRow = (index: number) => row(client, `old/${index}/${randomUUID()}`, { subject: `late-${index}` });
  const [early, late] = [Array.from({ length: 3 }, (_, index) => newRow(index)), [] as Row[]];
  for (let index = 0; index < LATE_IMPORTS; index++) late.push(newRow(index + early.length));
  const directory = directoryFor(t);
  const run = (
    rows: readonly object[],
    at: { directory: string; environment?: Environment },
  ): Promise<Ended> => {
    const file = join(directory, `${randomUUID()}.jsonl`);
    writeFileSync(file, json(rows), { mode: 0o600 });
    return spawnKeyfob(['import', file, '--data', at.directory, '--json'], at.environment);
  };
  const refresh = ({ url }: KeyfobServer, imported: Row | undefined, use: string) =>
    refreshSmartcar(url, client, tokenOf(imported), { 'idempotency-key': use });
  assert.equal((await run(early, { directory: server.dataDirectory })).code, 0);
  const used = await refresh(server, early[0], 'first');
  assert.equal(used.status, 200, used.text);
  return {
    late,
    count: early.length + late.length,
    run,
    /** At the new store: repeats the interrupted import. Old tokens and their retries work. */
    async continueAt(second: KeyfobServer, environment: Environment): Promise<void> {
      const again = await run(late, { directory: second.dataDirectory, environment });
      assert.equal(again.code, 0, again.stderr);
      const retried = await refresh(second, early[0], 'first');
      assert.deepEqual([retried.status, retried.refreshToken], [200, used.refreshToken]);
      for (const one of [early[1], late[0], late.at(-1)])
        assert.equal((await refresh(second, one, 'first')).status, 200);
    },
    /** At the last store: tokens used at an earlier store are replays, and unused tokens are exchanged. */
    async finishAt(third: KeyfobServer): Promise<void> {
      assert.equal((await refresh(third, early[2], 'first')).status, 200);
      for (const one of [early[0], early[1], late[0]]) {
        const replayed = await refresh(third, one, 'second');
        assert.deepEqual([replayed.status, refusalOf(replayed)], [400, 'invalid_grant']);
      }
      const { refreshToken } = used;
      const ended = await refreshSmartcar(third.url, client, refreshToken);
      assert.equal(ended.status, 400, 'the replay has revoked the grant');
    },
  };
};
