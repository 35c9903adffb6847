import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Chance } from '../support/chance.ts';

/** A proxy that truncates answers in the middle of the body. */
export type CutProxy = {
  readonly port: number;
  /** The number of answers truncated so far. */
  cuts(): number;
  /** From now on every answer passes completely. */
  stopCutting(): void;
  close(): Promise<void>;
};

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(?<bytes>[0-9]+)/i;

/**
 * Passes bytes between clients and the server on `port`. Truncates each answer with `probability`: the client gets the
 * head and a part of the body, and its connection is closed.
 */
export const openCutProxy = async (
  port: number,
  { probability, chance }: { readonly probability: number; readonly chance: Chance },
): Promise<CutProxy> => {
  const sockets = new Set<Socket>();
  let cuts = 0;
  let isCutting = true;

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let received: Buffer = Buffer.alloc(0);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let answer = takeAnswer(received); answer !== undefined; answer = takeAnswer(received)) {
        received = received.subarray(answer.head.length + answer.body.length);
        const isCut = isCutting && answer.body.length > 0 && chance.isTrue(probability);
        if (!isCut) {
          client.write(Buffer.concat([answer.head, answer.body]));
          continue;
        }
        cuts++;
        const passed = answer.body.subarray(0, chance.integer(0, answer.body.length - 1));
        client.end(Buffer.concat([answer.head, passed]));
        return;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts: () => cuts,
    stopCutting: () => (isCutting = false),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** The first complete answer in these bytes, or `undefined`. */
const takeAnswer = (bytes: Buffer): { readonly head: Buffer; readonly body: Buffer } | undefined => {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end + HEAD_END.length);
  const length = Number(CONTENT_LENGTH.exec(head.toString('latin1'))?.groups?.['bytes'] ?? 0);
  if (bytes.length < head.length + length) return undefined;
  return { head, body: bytes.subarray(head.length, head.length + length) };
};
