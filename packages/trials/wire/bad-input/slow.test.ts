import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRefusal, tryBadInput } from './trial.ts';
import { openRaw, sendRaw, writeRequest } from '../../support/raw-request.ts';
import type { RawResponse, RequestParts } from '../../support/raw-request.ts';
import type { ServedGrant } from '../../support/served-grant.ts';

const ONE_SECOND = { KEYFOB_REQUEST_TIMEOUT_SECONDS: '1', KEYFOB_HEADERS_TIMEOUT_SECONDS: '1' };
const CHUNKS_WITHOUT_END: RequestParts = {
  headers: { 'Transfer-Encoding': 'chunked' },
  body: '5\r\ngrant\r\n',
};
const WAITING_FOR_CONTINUE: RequestParts = {
  headers: { Expect: '100-continue', 'Content-Length': '100' },
  body: '',
};

tryBadInput(
  'A request slower than its limit at POST /oauth/token',
  'smartcar',
  ({ served }) => {
    const request = (changes?: RequestParts): Buffer => writeRequest(served().parts(changes));
    const isTooSlow = async (bytes: Buffer | string): Promise<void> => {
      const responses = await sendRaw(served().server.url, bytes);
      const last = responses.filter(({ status }) => status !== 100);
      assert.deepEqual(last.map(readRefusal.smartcar), ['408 invalid_request']);
    };

    // Run at the same time, because each case takes the server's whole time limit.
    describe('408 invalid_request', { concurrency: true }, () => {
      it('a body that stops one byte before its end', async () => isTooSlow(request().subarray(0, -1)));
      it('a body that never begins', async () =>
        isTooSlow(request({ headers: { 'Content-Length': '100' }, body: '' })));
      it('chunks that never end', async () => isTooSlow(request(CHUNKS_WITHOUT_END)));
      it('no body after 100 Continue', async () => isTooSlow(request(WAITING_FOR_CONTINUE)));
      it('headers that never end', async () => isTooSlow(request().subarray(0, 60)));
      it('a request line that never ends', async () => isTooSlow('POST /oau'));
      it('a connection that sends nothing', async () => isTooSlow(''));
    });
    it('no grant changed, and the good token still refreshes', async () => served().assertUnchanged());

    it('a good request before a slow one on the same connection gets its tokens', async () => {
      const slow = request().subarray(0, -1);
      const good = request({ headers: { Connection: 'keep-alive' } });
      const [first, second] = await sendRaw(served().server.url, Buffer.concat([good, slow]));
      assert.equal(first?.status, 200);
      served().acceptTokens(first);
      assert.equal(second?.status, 408);
      await served().assertUnchanged();
    });
  },
  ONE_SECOND,
);

tryBadInput(
  'A request slower than its limit at POST /v1/auth/token-refresh',
  'pleos',
  ({ served }) => {
    it('gets 408 in the dialect of its path, changes no grant, and the good token still works', async () => {
      const bytes = writeRequest(served().parts()).subarray(0, -1);
      const response = await served().exchange(bytes);
      assert.equal(readRefusal.pleos(response), '408 4002 body');
      await served().assertUnchanged();
    });
  },
  ONE_SECOND,
);

/** Requests after which the server closes the connection, although the client keeps its side open. */
const CLOSED_BY_SERVER: Readonly<
  Record<string, readonly [number, (served: ServedGrant) => Buffer | string]>
> = {
  'a slow body': [408, ({ parts }) => writeRequest(parts()).subarray(0, -1)],
  'slow headers': [408, ({ parts }) => writeRequest(parts()).subarray(0, 60)],
  garbage: [400, () => 'this is not HTTP\r\n\r\n'],
  'a body over the limit': [413, ({ parts }) => writeRequest(parts({ body: 'x'.repeat(17 * 1024) }))],
};

for (const [name, [status, write]] of Object.entries(CLOSED_BY_SERVER))
  tryBadInput(
    `The connection of ${name}, which its client keeps open after the answer`,
    'smartcar',
    ({ served }) => {
      it(
        'soon stops counting towards the limit, so that the next client is served',
        { timeout: 15_000 },
        async () => {
          const { url } = served().server;
          const kept = await openRaw(url, write(served()));
          assert.equal((await kept.ended)[0]?.status, status);
          try {
            let responses: readonly RawResponse[] = [];
            while (responses.length === 0) responses = await sendRaw(url, writeRequest(served().parts()));
            assert.deepEqual(
              responses.map((response) => response.status),
              [200],
            );
          } finally {
            kept.close();
          }
        },
      );
    },
    { ...ONE_SECOND, KEYFOB_CONNECTIONS_MAX: '1' },
  );
