import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LOGO_MAX_BYTES } from '../../exports/clients.ts';
import { readProfileOptions } from './profile-options.ts';

const server = createServer(({ url }, response) => {
  if (url === '/there') response.end('some bytes');
  else if (url === '/moved') response.writeHead(302, { Location: '/there' }).end();
  else if (url === '/long') response.end(Buffer.alloc(1_000_000));
  else if (url === '/broken') response.destroy();
  else response.writeHead(404).end();
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
after(() => {
  server.closeAllConnections();
  server.close();
});
const at = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

describe('The options for what owners see of a client', () => {
  test('are nothing where none is given, and null or empty for none', async () => {
    assert.deepEqual(await readProfileOptions({}), {});
    const none = { developer: 'none', privacyUrl: 'none', logo: 'none' };
    assert.deepEqual(await readProfileOptions(none), { developer: '', privacyUrl: null, logo: null });
  });

  test('fetch the logo, or read it from a file', async () => {
    const { logo } = await readProfileOptions({ logo: at('/there') });
    assert.equal(Buffer.from(logo ?? []).toString(), 'some bytes');
    const file = await readProfileOptions({ logo: fileURLToPath(import.meta.url) });
    assert.match(Buffer.from(file.logo ?? []).toString(), /^import assert/);
  });

  test('read no more of a logo than shows that it is too long', async () => {
    const { logo } = await readProfileOptions({ logo: at('/long') });
    assert.ok(logo !== undefined && logo !== null && logo.length > LOGO_MAX_BYTES && logo.length < 500_000);
  });

  test('accept a privacy URL that answers, also after a redirect, or without a check', async () => {
    for (const privacyUrl of [at('/there'), at('/moved')])
      assert.deepEqual(await readProfileOptions({ privacyUrl }), { privacyUrl });
    const privacyUrl = at('/gone');
    assert.deepEqual(await readProfileOptions({ privacyUrl, linkCheck: false }), { privacyUrl });
  });

  for (const [what, options, message] of [
    ['a privacy URL that is not there', { privacyUrl: at('/gone') }, /\/gone answered 404$/],
    ['a privacy URL that breaks off', { privacyUrl: at('/broken') }, /\/broken did not answer: /],
    ['a privacy URL without https', { privacyUrl: 'http://app.example/' }, /^--privacy-url must use https/],
    ['a logo that is not there', { logo: at('/gone') }, /\/gone answered 404$/],
    ['a logo that is somewhere else', { logo: at('/moved') }, /\/moved did not answer: /],
    ['a logo with another scheme', { logo: 'data:image/png;base64,AAAA' }, /^--logo must use https/],
    [
      'a logo in a file that is not there',
      { logo: '/no/such/file.png' },
      /file\.png cannot be read: ENOENT$/,
    ],
  ] as const)
    test(`refuse ${what}`, () => assert.rejects(readProfileOptions(options), { message }));
});
