import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandWorld } from './command-world.ts';

type Finding = {
  readonly check: string;
  readonly verdict: string;
  readonly finding: string;
  readonly remedy: string | null;
};
type Answer = { readonly healthy: boolean; readonly findings: readonly Finding[] };

const findIn = ({ findings }: Answer, check: string): Finding => {
  const found = findings.find((one) => one.check === check);
  assert.ok(found, `${check} in ${JSON.stringify(findings)}`);
  return found;
};

test('doctor finds nothing wrong with a new store, and a canary proves the secret without touching a grant', async (scope) => {
  const { run, ask, consent, world } = await openCommandWorld(scope);
  assert.equal((await run(['put', 'vin:1', '--client', 'sc'], await consent('smartcar'))).code, 0);
  const answer = await ask<Answer>(['doctor', '--canary']);
  assert.deepEqual(
    answer.findings.filter(({ verdict }) => verdict === 'fail'),
    [],
  );
  assert.match(findIn(answer, 'secret sc').finding, /accepts it/);
  assert.match(findIn(answer, 'clock sc').finding, /within/);
  assert.match(findIn(answer, 'durability').finding, /on disk at every commit/);
  const { requests } = world.journal.read({ endpoint: 'token' });
  assert.equal(requests.length, 2);
  const shown = await ask<{ readonly state: string; readonly generation: number }>(['show', 'vin:1']);
  assert.deepEqual([shown.state, shown.generation], ['active', 1]);
});

test('doctor names what is wrong, each with a remedy, and exits with 1', async (scope) => {
  const { run, consent, directory } = await openCommandWorld(scope);
  assert.equal((await run(['put', 'vin:1', '--client', 'sc'], await consent('smartcar'))).code, 0);
  // A copy on another machine: another file, another key, a wrong secret, and a client that has another name there.
  const copy = mkdtempSync(join(tmpdir(), 'keeper-copy-'));
  scope.after(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(directory, 'keeper.db'), join(copy, 'keeper.db'));
  chmodSync(join(copy, 'keeper.db'), 0o644);
  const settings = JSON.parse(readFileSync(join(directory, 'keyfob-keeper.json'), 'utf8')) as {
    clients: Record<string, Record<string, unknown>>;
  };
  const { sc, pl } = settings.clients;
  writeFileSync(join(copy, 'secret'), 'wrong');
  const clients = {
    renamed: { ...sc, clientSecret: { file: 'secret' } },
    pl: { ...pl, clientSecret: { env: 'NONE' } },
  };
  writeFileSync(join(copy, 'settings.json'), JSON.stringify({ clients, keyFile: 'key' }));
  writeFileSync(join(copy, 'key'), `${Buffer.alloc(32, 8).toString('base64url')}\n`, { mode: 0o600 });
  const { code, out } = await run(
    ['doctor', '--canary', '--json', '--config', join(copy, 'settings.json')],
    '',
    { KEEPER_KEY: '' },
  );
  assert.equal(code, 1);
  const answer = JSON.parse(out) as Answer;
  assert.match(findIn(answer, 'secret renamed').finding, /refuses the client/);
  assert.match(findIn(answer, 'client pl').finding, /variable NONE is not set/);
  assert.match(findIn(answer, 'client sc').finding, /not in the settings, and 1 grants need it/);
  assert.match(findIn(answer, 'copies').finding, /is a copy/);
  assert.match(findIn(answer, 'copies').remedy ?? '', /adopt --i-am-the-only-copy/);
  assert.match(findIn(answer, 'key').finding, /sealed with the key/);
  assert.match(findIn(answer, 'file modes').remedy ?? '', /chmod 600/);
  for (const { verdict, remedy } of answer.findings) assert.equal(remedy === null, verdict === 'ok');
});
