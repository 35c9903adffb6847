import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { armFault, createGrantIn } from '@keyfob/sandbox';
import type { NewFault, Sandbox, World } from '@keyfob/sandbox';
import { startSandboxServer } from '@keyfob/sandbox';
import { refresh, smartcarRefresh, tokenOf } from './requests.ts';
import { bodyOf, reached, watchRequest } from './watch.ts';
import type { Seen } from './watch.ts';

const watchRefresh = (world: World, token: string, how = {}): Promise<Seen> =>
  watchRequest(world, smartcarRefresh(world, token), how);

/** A world with one grant, in which the fault is armed. */
const open = async (
  t: { after(done: () => Promise<void>): void },
  fault: NewFault,
): Promise<{ sandbox: Sandbox; world: World; token: string; grant: string }> => {
  const sandbox = await startSandboxServer();
  t.after(() => sandbox.close());
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const { refreshToken: token, grant } = await createGrantIn(world);
  armFault(world, fault);
  return { sandbox, world, token, grant };
};

describe('A fault, as a client sees it on its socket', () => {
  test('a reset after the commit: no byte comes, and the token is spent', async (t) => {
    const { world, token } = await open(t, { do: { loseAnswer: 'afterCommit' } });
    const seen = await watchRefresh(world, token);
    assert.deepEqual(seen, { text: '', end: 'reset' });
    const entry = await reached(world, 'ended');
    assert.equal(entry.isCommitted, true);
    assert.equal(entry.verdict, 'rotate');
    assert.equal(entry.answer?.refreshToken, 'g1/1');
    assert.equal(entry.delivered, 'none');
    assert.equal(
      (await refresh(world, token)) === 400,
      false,
      'a repeat inside the minute gets the same token',
    );
    assert.equal(world.journal.read({}).requests.at(-1)?.verdict, 'repeat');
  });

  test('a close before the commit: no byte comes, and nothing has happened', async (t) => {
    const { world, token } = await open(t, { do: { loseAnswer: 'beforeCommit', how: 'close' } });
    const seen = await watchRefresh(world, token);
    assert.deepEqual(seen, { text: '', end: 'fin' });
    const entry = await reached(world, 'ended');
    assert.equal(entry.isCommitted, false);
    assert.equal(entry.verdict, 'none');
    await refresh(world, token);
    assert.equal(world.journal.read({}).requests.at(-1)?.verdict, 'rotate');
  });

  test('half a body: the head promises more than comes', async (t) => {
    const { world, token } = await open(t, { do: { loseAnswer: 'afterCommit', how: 'halfBody' } });
    const seen = await watchRefresh(world, token);
    assert.equal(seen.end, 'fin');
    const promised = Number(/Content-Length: (\d+)/.exec(seen.text)?.[1]);
    assert.ok(bodyOf(seen).length > 0 && bodyOf(seen).length < promised);
    assert.equal((await reached(world, 'ended')).delivered, 'part');
  });

  test('a hang: nothing comes until the client leaves, and the token is spent', async (t) => {
    const { world, token } = await open(t, { do: { loseAnswer: 'afterCommit', how: 'hang' } });
    const seen = await watchRefresh(world, token, { hangs: true });
    assert.deepEqual(seen, { text: '', end: 'open' });
    const entry = await reached(world, 'ended');
    assert.equal(entry.delivered, 'none');
    assert.equal(entry.isCommitted, true);
  });

  test('a hang after the first bytes', async (t) => {
    const { world, token } = await open(t, {
      do: { loseAnswer: 'afterCommit', how: 'hang', afterBytes: 20 },
    });
    const seen = await watchRefresh(world, token, { hangs: true });
    assert.equal(seen.text.length, 20);
    assert.equal(seen.end, 'open');
  });

  test('the page of a gateway: the server never saw the request', async (t) => {
    const { world, token } = await open(t, { do: { status: 502, bodyName: 'nginx-502' } });
    const seen = await watchRefresh(world, token);
    assert.match(seen.text, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.match(bodyOf(seen), /<center>nginx<\/center>/);
    const entry = await reached(world, 'ended');
    assert.deepEqual([entry.isCommitted, entry.verdict, entry.answer?.isMadeUp], [false, 'none', true]);
  });

  test('the page of a gateway after the commit: the token is spent', async (t) => {
    const { world, token } = await open(t, {
      do: { status: 504, bodyName: 'nginx-504', at: 'afterCommit' },
    });
    const seen = await watchRefresh(world, token);
    assert.match(seen.text, /^HTTP\/1\.1 504 /);
    assert.equal((await reached(world, 'ended')).isCommitted, true);
  });

  test('a redirect to another host', async (t) => {
    const { world, token } = await open(t, { do: { redirect: 'https://elsewhere.example/oauth/token' } });
    const { text } = await watchRefresh(world, token);
    assert.match(text, /^HTTP\/1\.1 307 Temporary Redirect\r\n/);
    assert.match(text, /Location: https:\/\/elsewhere\.example\/oauth\/token\r\n/);
  });

  test('JSON that ends in the middle, in a complete answer', async (t) => {
    const { world, token } = await open(t, { do: { truncateBody: 40 } });
    const seen = await watchRefresh(world, token);
    assert.equal(bodyOf(seen).length, 40);
    assert.match(seen.text, /Content-Length: 40\r\n/);
  });

  test('a member is missing', async (t) => {
    const { world, token } = await open(t, { do: { omit: ['refresh_token'] } });
    const body = JSON.parse(bodyOf(await watchRefresh(world, token))) as object;
    assert.deepEqual(Object.keys(body), ['access_token', 'token_type', 'expires_in']);
  });

  test('a member comes twice', async (t) => {
    const { world, token } = await open(t, { do: { repeat: ['access_token'] } });
    const body = bodyOf(await watchRefresh(world, token));
    assert.equal(body.split('"access_token"').length, 3);
  });

  test('the token that was sent comes back', async (t) => {
    const { world, token } = await open(t, { do: { sameToken: true } });
    const body = JSON.parse(bodyOf(await watchRefresh(world, token))) as { readonly refresh_token: string };
    assert.equal(body.refresh_token, token);
  });

  for (const expiresIn of ['7200', 0, -1, null] as const)
    test(`a lifetime of ${JSON.stringify(expiresIn)}`, async (t) => {
      const { world, token } = await open(t, { do: { expiresIn } });
      const body = JSON.parse(bodyOf(await watchRefresh(world, token))) as Readonly<Record<string, unknown>>;
      assert.equal(body['expires_in'], expiresIn);
    });

  test('a request that arrives twice: the answer is that of the second, which is a repeat', async (t) => {
    const { world, token } = await open(t, { do: { duplicateRequest: true } });
    const answer = await refresh(world, token);
    const entry = await reached(world, 'ended');
    assert.equal(entry.verdict, 'repeat');
    assert.equal(entry.isCommitted, true);
    assert.equal((await world.store.current().listGrants({ limit: 1 }))[0]?.generation, 1);
    assert.ok(tokenOf(answer) !== token);
  });

  test('an answer that is 61 seconds late moves a frozen clock past the overlap', async (t) => {
    const { world, token } = await open(t, { do: { delaySeconds: 61 } });
    const answer = await refresh(world, token);
    assert.equal(new Date(world.clock.now()).toISOString(), '2026-01-01T00:01:01.000Z');
    assert.equal(await refresh(world, token), 400, 'the predecessor is out of its minute');
    assert.ok(typeof answer !== 'number');
  });

  test('a connection that is reset before its request is read', async (t) => {
    const { world, token } = await open(t, { do: { tls: 'reset' } });
    assert.deepEqual(await watchRefresh(world, token), { text: '', end: 'reset' });
    assert.equal((await reached(world, 'ended')).isCommitted, false);
  });

  test('a fault happens to the requests that it is for, as often as it says', async (t) => {
    const { world, token } = await open(t, { on: { nth: 2 }, do: { status: 503, body: 'x' } });
    const other = await createGrantIn(world, { subject: 'owner-2' });
    armFault(world, { on: { grant: other.grant }, do: { status: 500, body: 'x' }, times: 2 });
    const first = await refresh(world, token);
    assert.equal(await refresh(world, tokenOf(first)), 503);
    assert.ok(typeof (await refresh(world, tokenOf(first))) !== 'number');
    assert.equal(await refresh(world, other.refreshToken), 500);
    assert.equal(await refresh(world, other.refreshToken), 500);
    assert.ok(typeof (await refresh(world, other.refreshToken)) !== 'number');
    assert.deepEqual(
      world.faults.list().map(({ id, fired, isOver }) => [id, fired, isOver]),
      [
        ['f1', 1, true],
        ['f2', 2, true],
      ],
    );
  });
});
