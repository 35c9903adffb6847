import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { Scope } from '../support/test-directory.ts';

/** A message as its receiver got it, checked with the library of Standard Webhooks. */
export type Message = {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A service that checks and keeps messages. */
export type MessageReceiver = {
  readonly url: string;
  readonly messages: readonly Message[];
  /** Resolves when so many have come. */
  until(count: number): Promise<void>;
};

/** A secret of a webhook, as its receiver configures it. */
export const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

/** Starts a receiver that answers as `reply` says: 204 by default. A message that does not verify is answered 400. */
export const messageReceiverFor = async (
  scope: Scope,
  secret: string,
  reply: (message: Message, count: number) => number = () => 204,
): Promise<MessageReceiver> => {
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readText(request);
      const headers = request.headers as Record<string, string>;
      try {
        new Webhook(secret).verify(body, headers);
      } catch {
        return response.writeHead(400).end();
      }
      const { type, data } = JSON.parse(body) as Pick<Message, 'type' | 'data'>;
      const message = { id: headers['webhook-id'] ?? '', type, data, headers, body };
      messages.push(message);
      response.writeHead(reply(message, messages.length)).end();
      for (const check of waiting) check();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    messages,
    until: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (messages.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
};
