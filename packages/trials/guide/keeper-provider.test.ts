import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { keeperFolderFor } from './keeper-folder.ts';
import { readBlocks } from './guide.ts';

const [provider = '', program = ''] = readBlocks('keeper/add-a-provider.md', 'js');

/** Acme as the page describes it. Its first access token is refused at once, so the program refreshes twice. */
const answerAsAcme = () => {
  const seen: unknown[] = [];
  let renewals = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    const send = (status: number, value: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/v1/car') {
      const isOver = request.headers.authorization === 'Bearer access-1';
      return isOver ? send(403, { problem: { kind: 'access_over' } }) : send(200, { car: 'fine' });
    }
    const asked = JSON.parse(body) as Readonly<Record<string, string>>;
    seen.push(asked);
    if (asked['token'] !== `renew-${renewals}`) return send(422, { problem: { kind: 'token_gone' } });
    renewals += 1;
    send(200, { tokens: { access: `access-${renewals}`, renew: `renew-${renewals}`, seconds: 1800 } });
  };
  return { seen, server: createServer((request, response) => void answer(request, response)) };
};

test('docs/guide/keeper/add-a-provider.md shows a provider that keeps a car of a server like that', async (t) => {
  const { seen, server } = answerAsAcme();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const folder = keeperFolderFor(t);
  folder.save('acme.js', provider);
  folder.save('keep.js', program);
  const fields = provider.split('\n').filter((line) => line.startsWith('  '));
  assert.ok(fields.length <= 15, 'about fifteen lines');
  const environment = {
    ACME_APP: 'app-1',
    ACME_KEY: 'key-1',
    ACME_ORIGIN: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    KEEPER_KEY: Buffer.alloc(32, 1).toString('base64url'),
    FIRST_TOKEN: 'renew-0',
  };
  assert.equal(await folder.run('node keep.js', environment), '200 {"car":"fine"}\n');
  assert.deepEqual(seen, [
    { token: 'renew-0', app: 'app-1', key: 'key-1' },
    { token: 'renew-1', app: 'app-1', key: 'key-1' },
  ]);
});
