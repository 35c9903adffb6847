import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { JournalEntry, World } from '@keyfob/sandbox';
import { writeRequest } from '../support/raw-request.ts';
import type { RequestParts } from '../support/raw-request.ts';

/** What a client sees on its socket: bytes, and how they end. */
export type Seen = { readonly text: string; readonly end: 'fin' | 'reset' | 'open' };

/**
 * Sends a request on a raw connection, and watches it until a whole answer has come or the connection ends. `hangs`: leaves
 * when the journal shows that the server is done with it and nothing has come.
 */
export const watchRequest = async (
  world: World,
  request: RequestParts,
  { hangs = false } = {},
): Promise<Seen> => {
  const { hostname, port } = new URL(world.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = '';
  let end: Seen['end'] = 'open';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') end = 'reset';
  });
  socket.on('end', () => {
    if (end === 'open') end = 'fin';
  });
  const ended = new Promise<void>((resolve) => {
    socket.on('data', () => {
      if (isComplete(text)) resolve();
    });
    socket.on('end', resolve).on('close', () => resolve());
  });
  await once(socket, 'connect');
  const { next } = world.journal.read({});
  socket.write(writeRequest(request));
  if (hangs) {
    await reached(world, 'sending', next);
    // A request that comes later is answered before it.
    await fetch(`${world.url}/openapi.json`);
  } else {
    await ended;
  }
  const seen = { text, end };
  socket.destroy();
  return seen;
};

/** Whether a whole answer has come. */
const isComplete = (text: string): boolean => {
  const [head = '', body] = text.split('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return body !== undefined && length !== undefined && body.length >= Number(length);
};

/** The first token request that came to a stage after a moment of the journal. */
export const reached = async (
  world: World,
  stage: JournalEntry['stage'],
  after = 0,
): Promise<JournalEntry> => {
  const { requests } = await world.journal.wait({ stage, endpoint: 'token', waitMs: 5000, after });
  const [entry] = requests;
  assert.ok(entry !== undefined, `no request came to the stage ${stage}`);
  return entry;
};

export const bodyOf = ({ text }: Pick<Seen, 'text'>): string => text.split('\r\n\r\n')[1] ?? '';
