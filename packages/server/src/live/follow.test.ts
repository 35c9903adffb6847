import assert from 'node:assert/strict';
import { once } from 'node:events';
import { linkSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followServers } from './follow.ts';
import { openLiveEvents } from './publish.ts';

test('a follower skips the socket of a killed server and follows the others', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-follow-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const live = await openLiveEvents(directory, { pid: 7, clock: () => 1_750_000_000_000 });
  t.after(() => live.close());
  // As after a kill: the renamed socket file stays when its server closes.
  const killed = createServer().listen(join(directory, 'killed.sock'));
  await once(killed, 'listening');
  linkSync(join(directory, 'killed.sock'), join(directory, 'events-8.sock'));
  killed.close();
  await once(killed, 'close');

  const { promise: heard, resolve: hear } = Promise.withResolvers<string>();
  const following = followServers(directory, ({ pid, event }) => hear(`${pid} ${event}`));
  t.after(() => following.close());
  await following.lookAgain();
  assert.equal(following.count(), 1);
  assert.equal(await heard, '7 live_events.attached');
});
