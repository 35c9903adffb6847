import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { LogEvent } from '../log-event.ts';
import { openLiveEvents } from './publish.ts';

const directoryFor = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-live-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

const open = async (t: TestContext, directory: string, pid = 7) => {
  const live = await openLiveEvents(directory, { pid, clock: () => 1_750_000_000_000 });
  t.after(() => live.close());
  return live;
};

const attach = async (t: TestContext, path: string): Promise<Socket> => {
  const socket = connect(path).setEncoding('utf8');
  t.after(() => socket.destroy());
  const [first] = (await once(socket, 'data')) as [string];
  const at = '2025-06-15T15:06:40.000Z';
  assert.equal(first, `${JSON.stringify({ at, pid: 7, event: 'live_events.attached' })}\n`);
  return socket;
};

const EVENT: LogEvent = { event: 'server.listening', url: 'x'.repeat(10_000) };

describe('The events of a process', () => {
  test('are not serialised without a follower', async (t) => {
    const directory = directoryFor(t);
    const live = await open(t, directory);
    let written = 0;
    const counting = { ...EVENT, toJSON: () => written++ };
    live.publish(counting);
    const socket = await attach(t, join(directory, 'events-7.sock'));
    live.publish(EVENT);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    assert.equal(written, 0);
  });

  test('are dropped for a follower that does not read, which gets their number', async (t) => {
    const directory = directoryFor(t);
    const live = await open(t, directory);
    const slow = await attach(t, join(directory, 'events-7.sock'));
    const quick = await attach(t, join(directory, 'events-7.sock'));
    const received: string[] = [];
    createInterface({ input: quick }).on('line', (line) => void received.push(line));
    slow.pause();
    const published = 1000;
    for (let count = 0; count < published; count += 20) {
      for (let one = 0; one < 20; one++) live.publish(EVENT);
      // The quick follower reads everything.
      while (received.length < count + 20) await once(quick, 'data');
    }
    let text = '';
    slow.on('data', (chunk: string) => (text += chunk)).resume();
    while (!text.includes('live_events.dropped')) {
      live.publish({ event: 'server.listening', url: 'end' });
      await once(slow, 'data');
    }
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const notice = lines.findIndex(({ event }) => event === 'live_events.dropped');
    const before = lines.slice(0, notice).filter(({ url }) => url !== 'end').length;
    assert.ok(before > 50 && before < 500, `${before} were not dropped`);
    assert.ok(Number(lines[notice]?.['dropped']) >= published - before);
    assert.ok(received.length > published);
    assert.ok(!received.some((line) => line.includes('live_events.dropped')));
  });

  test('have a limited number of followers', async (t) => {
    const directory = directoryFor(t);
    await open(t, directory);
    const path = join(directory, 'events-7.sock');
    for (let count = 0; count < 16; count++) await attach(t, path);
    const socket = connect(path);
    await once(socket, 'close');
  });

  test('two processes with the same pid, as in two containers, have a socket each', async (t) => {
    const directory = directoryFor(t);
    await open(t, directory);
    const other = await open(t, directory);
    assert.deepEqual(readdirSync(directory), ['events-7-2.sock', 'events-7.sock']);
    await other.close();
    assert.deepEqual(readdirSync(directory), ['events-7.sock']);
  });

  test('a file with such a name that is not a socket stays', async (t) => {
    const directory = directoryFor(t);
    writeFileSync(join(directory, 'events-8.sock'), 'kept');
    await open(t, directory);
    assert.deepEqual(readdirSync(directory), ['events-7.sock', 'events-8.sock']);
  });
});
