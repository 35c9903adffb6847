import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSandboxServer } from '@keyfob/sandbox';
import { paste, readBlocks } from './guide.ts';

const PAGE = 'sandbox.md';

test('The five minutes of the page: a grant, a lost answer, what to hold, the clock, the journal, a world', async (t) => {
  const sandbox = await startSandboxServer();
  t.after(() => sandbox.close());
  const blocks = readBlocks(PAGE, 'sh').map((code) =>
    code.replaceAll('http://127.0.0.1:8788', sandbox.url).replaceAll('curl ', 'curl --silent --show-error '),
  );
  const [start = '', world = '', create = '', lose = '', hold = '', move = '', read = '', more = ''] = blocks;
  assert.match(start, /^npm ci\nnpm run sandbox\n$/);

  const answers = (await paste(`${world}${create}`, {})).trim().split(/\n+/);
  const { clients } = JSON.parse(answers[0] ?? '') as {
    readonly clients: { readonly smartcar: Readonly<Record<'clientId' | 'clientSecret', string>> };
  };
  const { refreshToken } = JSON.parse(answers[1] ?? '') as { readonly refreshToken: string };
  const fill = (code: string): string =>
    world +
    code
      .replaceAll('TOKEN', refreshToken)
      .replaceAll('CLIENT_ID', clients.smartcar.clientId)
      .replaceAll('CLIENT_SECRET', clients.smartcar.clientSecret);

  await assert.rejects(paste(fill(lose), {}), /reset|Recv failure|Empty reply/i);
  const [shown = ''] = readBlocks(PAGE, 'json');
  const expected = JSON.parse(shown) as Readonly<Record<string, unknown>>;
  const held = JSON.parse(await paste(fill(hold), {})) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(expected))
    if (name !== 'until') assert.deepEqual(held[name], value, name);
  assert.match(await paste(fill(move), {}), /"overlap_ended".*"wouldBe":"replay"/s);
  const journal = await paste(fill(read), {});
  assert.match(journal, /"token":"g1\/0"/);
  assert.doesNotMatch(journal, new RegExp(refreshToken));
  const created = JSON.parse(await paste(fill(more), {})) as { readonly url: string };
  assert.match(created.url, /\/w\/[0-9a-f]+$/);
});

test('The command that runs another one, as on the page', async () => {
  const exec = readBlocks(PAGE, 'sh').find((code) => code.includes('--exec')) ?? assert.fail('no such block');
  const out = await paste(exec.replace('npm run', 'npm run --silent'), {});
  assert.match(out, /^the sandbox is at http:\/\/127\.0\.0\.1:\d+\n$/);
});

test('The commands that start a scenario and list all of them, as on the page', async (t) => {
  const sandbox = await startSandboxServer();
  t.after(() => sandbox.close());
  const code =
    readBlocks(PAGE, 'sh').find((one) => one.includes('/scenarios/')) ?? assert.fail('no such block');
  const out = await paste(
    code.replaceAll('http://127.0.0.1:8788', sandbox.url).replaceAll('curl ', 'curl --silent --show-error '),
    {},
  );
  const [started, listed] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(started?.['grant'], 'g1');
  assert.ok(Array.isArray(listed?.['scenarios']) && listed['scenarios'].length > 30);
});
