import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { KEYFOB_BIN, runKeyfob, startKeyfob } from '../../support/keyfob-process.ts';
import type { Ended, KeyfobServer, MadeClient } from '../../support/keyfob-process.ts';
import type { DialectName } from '../../support/dialect-name.ts';

export type Totals = {
  readonly rows: number;
  readonly imported: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly shortened: number;
  readonly withoutZone: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly dryRun: boolean;
};

export const DAY = 86_400;
export const inDays = (days: number): number => Math.floor(Date.now() / 1000) + days * DAY;

export const totalsOf = (ended: Ended): Totals => JSON.parse(ended.stdout) as Totals;

export const json = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export const row = ({ clientId }: MadeClient, token: string, more: object = {}) => ({
  client: clientId,
  subject: 'owner-1',
  refresh_token: token,
  expires_at: inDays(30),
  ...more,
});

export type Stage = ReturnType<typeof openStage>;

/** A running server, and the commands of an operator who imports. */
export const openStage = (prepare: () => Promise<Readonly<Record<string, string>>>, directory: string) => {
  const tokens: string[] = [];
  const said: string[] = [];
  let environment: Readonly<Record<string, string>> = {};
  let started: KeyfobServer | undefined;
  let files = 0;

  before(async () => {
    environment = await prepare();
    started = await startKeyfob({ dataDirectory: directory, environment });
  });
  after(async () => {
    await started?.stop();
    const text = [...said, started?.log()].join('\n');
    for (const token of tokens) assert.ok(!text.includes(token), 'a token was printed');
  });

  const serverOf = (): KeyfobServer => {
    assert.ok(started);
    return started;
  };
  /** A token in a form that no dialect here uses. */
  const newToken = (): string => {
    const token = `old/${randomBytes(24).toString('base64')} ~`;
    tokens.push(token);
    return token;
  };
  const write = (content: string | Uint8Array, mode = 0o600): string => {
    const path = join(directory, `grants-${++files}`);
    writeFileSync(path, content, { mode });
    return path;
  };
  const run = async (...words: readonly string[]): Promise<Ended> => {
    const ended = await runKeyfob(['import', ...words, '--data', directory, '--json'], environment);
    said.push(ended.stdout, ended.stderr);
    return ended;
  };
  const importRows = async (rows: readonly object[], ...words: readonly string[]): Promise<Totals> => {
    const ended = await run(write(json(rows)), ...words);
    assert.equal(ended.code, 0, ended.stderr + ended.stdout);
    return totalsOf(ended);
  };
  const newClient = (dialect: DialectName) =>
    serverOf().command<MadeClient>('client', 'create', '--dialect', dialect);
  /** Writes to the standard input of the command. */
  const start = (): ChildProcess => {
    const words = [KEYFOB_BIN, 'import', '-', '--data', directory, '--json'];
    return spawn(process.execPath, words, { env: { ...process.env, ...environment } });
  };

  return {
    server: serverOf,
    directory,
    said,
    newToken,
    write,
    run,

    importRows,
    newClient,

    start,
  };
};
