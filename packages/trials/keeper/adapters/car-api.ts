import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { World } from '@keyfob/sandbox';
import type { Scope } from '../../support/test-directory.ts';

/** A data API in front of a world: the world decides about the access token, and this notes what came. */
export type CarApi = {
  readonly url: string;
  /** The requests, in order. */
  readonly requests: { readonly authorization: string; readonly body: string; readonly status: number }[];
  /** Answers every request with this status, whatever the token is worth. */
  refuseAll(status: number): void;
  /** Happens before every answer. */
  onRequest(act: () => Promise<void>): void;
};

/** Starts it. `path` is that of a data endpoint of the world. */
export const carApiFor = async (scope: Scope, world: World, path: string): Promise<CarApi> => {
  const requests: CarApi['requests'] = [];
  let forced: number | undefined;
  let before: (() => Promise<void>) | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    const authorization = request.headers.authorization ?? '';
    const judged = await fetch(world.url + path, { headers: { authorization, brand: 'hyundai' } });
    await before?.();
    const status = forced ?? judged.status;
    requests.push({ authorization, body, status });
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(judged.ok ? JSON.stringify({ body }) : await judged.text());
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    refuseAll(status) {
      forced = status;
    },
    onRequest(act) {
      before = act;
    },
  };
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += String(part);
  return text;
};
