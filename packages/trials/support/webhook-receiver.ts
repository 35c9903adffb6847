import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createDeliver, createEgress } from '@keyfob/server/webhooks';
import { Webhook } from 'standardwebhooks';
import { LOOPBACK } from './keyfob-process.ts';

/** A request that a receiver got. */
export type Arrived = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A service that receives grant events. */
export type Receiver = {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  /** Resolves when this number of requests has arrived in total. */
  until(count: number): Promise<void>;
  /** The highest number of requests at the same moment. */
  atOnceMax(): number;
};

/** Responds to a request. `count`: the number of requests so far. */
type Reply = (arrived: Arrived, response: ServerResponse, count: number) => void;

const accept: Reply = (_arrived, response) => void response.writeHead(204).end();

/** The way out for trials: their receivers listen on this machine. */
export const localEgress = createEgress(LOOPBACK);

export const deliverLocally = createDeliver(localEgress);

/** Replies with one status after the other. The last status repeats. */
export const replyInTurn =
  (...statuses: readonly number[]): Reply =>
  (_arrived, response, count) =>
    void response.writeHead(statuses[Math.min(count, statuses.length) - 1] ?? 204).end();

/** Starts a receiver on a free port, closed when the test ends. */
export const startReceiver = async (
  scope: Pick<TestContext, 'after'>,
  reply: Reply = accept,
): Promise<Receiver> => {
  const arrived: Arrived[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  let [atOnce, atOnceMax] = [0, 0];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    atOnceMax = Math.max(atOnceMax, ++atOnce);
    response.on('close', () => atOnce--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    const one = { path: request.url ?? '', headers, body: Buffer.concat(chunks).toString() };
    arrived.push(one);
    reply(one, response, arrived.length);
    for (const { count, resolve } of waiting) if (arrived.length >= count) resolve();
    waiting = waiting.filter(({ count }) => arrived.length < count);
  };
  // In some trials the sender dies during a request.
  const server = createServer((request, response) => void take(request, response).catch(() => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  scope.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    until: async (count) =>
      arrived.length >= count
        ? undefined
        : new Promise((resolve) => void waiting.push({ count, resolve: () => resolve() })),
    atOnceMax: () => atOnceMax,
  };
};

/** Verifies a message with the library of Standard Webhooks. Throws if the signature is missing or wrong. */
export const verify = (secret: string, { body, headers }: Arrived): Record<string, unknown> =>
  new Webhook(secret).verify(body, { ...headers }) as Record<string, unknown>;
