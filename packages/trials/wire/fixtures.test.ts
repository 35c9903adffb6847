import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { request as send } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { removeDataDirectory, startKeyfob, UNTHROTTLED } from '../keyfob-process.ts';
import type { KeyfobServer } from '../keyfob-process.ts';
import { openCodeMaker } from '../code-maker.ts';
import type { CodeMaker } from '../code-maker.ts';
import { assertMatches, fill, placeholdersOf, readFixtures } from './fixture-case.ts';
import type { FixtureCase, Values } from './fixture-case.ts';
import { prepareFixtures } from './fixture-values.ts';
import type { FixtureValues } from './fixture-values.ts';
import type { DialectName } from './served-grant.ts';

type Answer = {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

/** Sends the request of a case, with the headers it names, its length and `Host`, and no other. */
const sendFixture = async (
  server: KeyfobServer,
  { request }: FixtureCase,
  values: Values,
): Promise<Answer> => {
  const filled = fill(request, values) as FixtureCase['request'];
  const { method, path, headers, body = '' } = filled;
  const bytes = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      path,
      headers: { ...headers, 'Content-Length': Buffer.byteLength(bytes) },
      agent: false,
    };
    const outgoing = send(server.url, options, (incoming) => {
      const { statusCode: status, headers: received } = incoming;
      text(incoming).then((answer) => resolve({ status, headers: received, body: answer }), reject);
    });
    outgoing.on('error', reject).end(bytes);
  });
};

const assertAnswer = (answer: Answer, { response }: FixtureCase, values: Values): void => {
  const seen = new Map<string, string>();
  assert.equal(answer.status, response.status, answer.body);
  for (const [name, expected] of Object.entries(response.headers)) {
    assertMatches(answer.headers[name.toLowerCase()], expected, values, seen, `the header ${name}`);
  }
  const body: unknown = response.body === '' ? answer.body : JSON.parse(answer.body);
  assertMatches(body, response.body, values, seen, 'the body');
};

const DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];

for (const dialect of DIALECTS)
  describe(`The wire of ${dialect} is as its fixtures say`, { timeout: 300_000 }, () => {
    let server: KeyfobServer;
    let valuesFor: FixtureValues;
    let codes: CodeMaker;
    before(async () => {
      server = await startKeyfob({ environment: UNTHROTTLED });
      codes = openCodeMaker(server.dataDirectory);
      valuesFor = prepareFixtures(server, dialect, codes);
    });
    after(async () => {
      await codes.close();
      await server.kill();
      removeDataDirectory(server.dataDirectory);
    });

    for (const file of ['refresh', 'refusals', 'code', 'vehicles'])
      describe(`${dialect}-${file}.json`, () => {
        for (const fixture of readFixtures(dialect, file))
          it(fixture.name, async () => {
            const values = await valuesFor(fixture);
            assertAnswer(await sendFixture(server, fixture, values), fixture, values);
          });
      });

    describe(`${dialect}-outage.json`, () => {
      for (const fixture of readFixtures(dialect, 'outage'))
        it(`${fixture.name}; once the store is back the same token or code is good`, async () => {
          const values = await valuesFor(fixture);
          const database = new DatabaseSync(join(server.dataDirectory, 'keyfob.db'));
          database.exec('BEGIN IMMEDIATE');
          try {
            assertAnswer(await sendFixture(server, fixture, values), fixture, values);
          } finally {
            database.close();
          }
          const file = placeholdersOf(fixture).has('code') ? 'code' : 'refresh';
          const [good] = readFixtures(dialect, file) as [FixtureCase];
          assertAnswer(await sendFixture(server, good, values), good, values);
        });
    });
  });

it('every fixture file belongs to a dialect and is run here', () => {
  const files = readdirSync(new URL('../../../fixtures/wire/', import.meta.url)).filter((name) =>
    name.endsWith('.json'),
  );
  const run = DIALECTS.flatMap((dialect) =>
    ['refresh', 'refusals', 'outage', 'code', 'vehicles'].map((file) => `${dialect}-${file}.json`),
  );
  assert.deepEqual(files.sort(), run.sort());
});
