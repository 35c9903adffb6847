import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createGrantIn } from '@keyfob/sandbox';
import { COMMAND, openCommandWorld } from './command-world.ts';

type Look = {
  readonly connections: number;
  readonly numbers: { readonly active: number };
  readonly clients: readonly { readonly name: string; readonly sends: { readonly count: number } }[];
};

test('serve answers programs that have a key, and other commands work beside it', async (scope) => {
  const { run, ask, directory, environment, world } = await openCommandWorld(scope);
  const child = spawn(process.execPath, [COMMAND, 'serve', '--port', '0', '--json'], {
    cwd: directory,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scope.after(() => void child.kill('SIGKILL'));
  child.stderr.resume();
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url } = JSON.parse(line) as { readonly url: string };

  const { key } = await ask<{ readonly key: string }>(['key', 'add', 'app', '--scope', 'tokens:read']);
  const { refreshToken } = await createGrantIn(world, { client: 'smartcar' });
  assert.equal((await run(['put', 'vin:1', '--client', 'sc'], refreshToken)).code, 0);
  const askToken = (bearer: string): Promise<Response> =>
    fetch(`${url}/v1/tokens/vin%3A1`, { headers: { authorization: `Bearer ${bearer}` } });
  const answer = await askToken(key);
  assert.equal(answer.status, 200);
  const { access_token: served } = (await answer.json()) as { readonly access_token: string };
  assert.equal((await run(['token', 'vin:1'])).out, `${served}\n`);
  assert.equal((await askToken('kfk_wrong')).status, 401);
  assert.equal(world.journal.read({ endpoint: 'token' }).requests.length, 1);

  const look = await ask<Look>(['watch', '--times', '1']);
  assert.deepEqual([look.connections, look.numbers.active], [1, 1]);
  assert.deepEqual(
    look.clients.map(({ name, sends }) => [name, sends.count]),
    [
      ['sc', 1],
      ['pl', 0],
    ],
  );
  assert.match((await run(['key', 'ls'])).out, /^NAME .*\napp +tokens:read +- +never/);
  assert.equal((await run(['key', 'rm', 'app'])).out, 'app: removed\n');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0);
});
