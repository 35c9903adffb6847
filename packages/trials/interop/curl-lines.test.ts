import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { MadeClient } from '../support/keyfob-process.ts';
import { OAUTH_REFUSALS, REFUSAL_CASES, refreshTenTimes } from './refresh-cases.ts';
import type { RefusalCase } from './refresh-cases.ts';
import { openTrialServer } from './trial-server.ts';
import type { DialectName } from '../support/dialect-name.ts';

const skip = spawnSync('curl', ['--version']).error === undefined ? false : 'curl is not installed';

// curl reads this file from CURL_HOME, so the unchanged command of the page also prints status and headers.
const curlHome = mkdtempSync(join(tmpdir(), 'keyfob-curl-'));
writeFileSync(join(curlHome, '.curlrc'), 'silent\nshow-error\ninclude\n');
after(() => rmSync(curlHome, { recursive: true, force: true }));

/** The curl command of a vendor's page: from `curl` to the quote that ends its body. */
const readCurlLine = (page: string): string => {
  const text = readFileSync(new URL(`../../../fixtures/api-pages/${page}`, import.meta.url), 'utf8');
  return /^curl [^]*?'$/m.exec(text)?.[0] ?? assert.fail(`${page} has no curl line`);
};

type Replacements = Readonly<Record<string, string>>;

/** Replaces each of these texts in the command. Each must occur exactly once. */
const replaceOnce = (line: string, replacements: Replacements): string =>
  Object.entries(replacements).reduce((text, [from, to]) => {
    const [head, tail, ...more] = text.split(from);
    assert.ok(head !== undefined && tail !== undefined && more.length === 0, `not exactly once: ${from}`);
    return head + to + tail;
  }, line);

type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
};

const runShell = async (line: string): Promise<Answer> => {
  const env = { PATH: process.env['PATH'], CURL_HOME: curlHome };
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
  const [head = '', body = ''] = stdout.split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: new Headers(fields.map((field) => splitField(field))),
    body: JSON.parse(body) as Answer['body'],
  };
};

const splitField = (field: string): [string, string] => {
  const colon = field.indexOf(':');
  return [field.slice(0, colon), field.slice(colon + 1).trim()];
};

class Refused extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** One vendor's page: its curl command with our host and credentials, and how to read successes and refusals. */
type Page = {
  readonly dialect: DialectName;
  readonly file: string;
  replacements(url: string, client: MadeClient, refreshToken: string): Replacements;
  readSuccessor(answer: Answer): string;
  assertRefusal(answer: Answer, kind: RefusalCase['kind']): void;
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const smartcar: Page = {
  dialect: 'smartcar',
  file: 'smartcar-token-refresh.txt',
  replacements: (url, { clientId, clientSecret }, refreshToken) => ({
    'https://auth.smartcar.com': url,
    'base64({client_id}:{client_secret})': Buffer.from(`${clientId}:${clientSecret}`).toString('base64'),
    '3e565aed-d4b2-4296-9b4c-aec35825a6aa': refreshToken,
  }),
  readSuccessor({ headers, body }) {
    const { access_token: accessToken, refresh_token: refreshToken, ...rest } = body;
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 7200 });
    assert.match(String(accessToken), UUID);
    assert.match(headers.get('sc-request-id') ?? '', UUID);
    assert.equal(headers.get('cache-control'), 'no-store');
    return String(refreshToken);
  },
  assertRefusal({ status, headers, body }, kind) {
    const expected = OAUTH_REFUSALS[kind];
    assert.deepEqual(Object.keys(body), ['error', 'error_description']);
    assert.equal(status, expected.status);
    assert.equal(body['error'], expected.error);
    assert.match(String(body['error_description']), expected.description);
    assert.match(headers.get('sc-request-id') ?? '', UUID);
    assert.equal(headers.has('www-authenticate'), status === 401);
  },
};

const DEAD_TOKEN_DETAILS = [{ field: 'refreshToken', message: 'is invalid, expired or already used' }];
/** A malformed token gets the response of a dead token: this vendor has no other text for it. */
const PLEOS_REFUSALS = {
  dead_token: { code: '4002', message: 'Invalid request parameters', details: DEAD_TOKEN_DETAILS },
  malformed_token: { code: '4002', message: 'Invalid request parameters', details: DEAD_TOKEN_DETAILS },
  unauthenticated: { code: '401', message: 'Unauthorized', details: [] },
};
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const pleos: Page = {
  dialect: 'pleos',
  file: 'pleos-token-refresh.txt',
  replacements: (url, { clientId, clientSecret }, refreshToken) => ({
    'https://api.pleos.ai': url,
    'abc14400-1111-3eac-b364-xxxxxxxxxxxx': clientId,
    o40srr1jr4vl91c8pjn4j9s8lp4sqxxxxxxxxxxxx: clientSecret,
    T9F38OE6PA8CT9V52F30KKKSRA6T5SRDA400: refreshToken,
  }),
  readSuccessor({ headers, body }) {
    const { data, meta, ...rest } = body as Record<'data' | 'meta', Record<string, string>>;
    assert.deepEqual(rest, {});
    assert.deepEqual(Object.keys(data), ['accessToken', 'refreshToken']);
    assert.match(data['accessToken'] ?? '', /^[A-Za-z0-9]+$/);
    assert.match(data['refreshToken'] ?? '', /^[A-Z0-9]{36}$/);
    const { timestamp, requestId, ...constant } = meta;
    assert.deepEqual(constant, { code: 200, message: 'Success', success: 'true' });
    assert.match(timestamp ?? '', TIMESTAMP);
    assert.equal(headers.get('x-request-id'), requestId);
    return data['refreshToken'] ?? '';
  },
  assertRefusal({ status, headers, body }, kind) {
    const { error, ...rest } = body as Record<'error', Record<string, string>>;
    const { timestamp, requestId, ...reported } = error;
    assert.equal(status, 400);
    assert.deepEqual(rest, {});
    assert.deepEqual(reported, PLEOS_REFUSALS[kind]);
    assert.match(timestamp ?? '', TIMESTAMP);
    assert.equal(headers.get('x-request-id'), requestId);
  },
};

for (const page of [smartcar, pleos]) {
  describe(`the curl line of the ${page.dialect} page`, async () => {
    const line = readCurlLine(page.file);
    const server = await openTrialServer(page.dialect);
    after(() => server.close());

    const refresh = async (client: MadeClient, refreshToken: string): Promise<string> => {
      const answer = await runShell(replaceOnce(line, page.replacements(server.url, client, refreshToken)));
      if (answer.status !== 200) throw new Refused(answer);
      return page.readSuccessor(answer);
    };
    const assertRefused = async (
      client: MadeClient,
      refreshToken: string,
      kind: RefusalCase['kind'],
    ): Promise<void> => {
      const thrown: unknown = await refresh(client, refreshToken).catch((error: unknown) => error);
      assert.ok(thrown instanceof Refused);
      page.assertRefusal(thrown.answer, kind);
    };

    test('refreshes a grant ten times in a row, each time with its newest token', { skip }, async () => {
      await refreshTenTimes(server, refresh);
    });

    for (const { name, kind, arrange } of REFUSAL_CASES) {
      test(`shows the refusal of ${name}`, { skip }, async () => {
        const { client, refreshToken } = await arrange(server, refresh);
        await assertRefused(client, refreshToken, kind);
      });
    }

    if (page.dialect === 'pleos')
      test(
        'shows the refusal of a grant whose brand differs from the brand in the command',
        { skip },
        async () => {
          const { refreshToken } = await server.grant(server.client, '--brand', 'kia');
          await assertRefused(server.client, refreshToken, 'dead_token');
        },
      );
  });
}
