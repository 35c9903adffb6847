import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { CodeMaker } from '../code-maker.ts';
import type { KeyfobServer } from '../keyfob-process.ts';
import { assertMatches, fill, placeholdersOf, readFixtures } from './fixture-case.ts';
import type { FixtureCase, Values } from './fixture-case.ts';
import { prepareFixtures } from './fixture-values.ts';
import type { FixtureValues } from './fixture-values.ts';
import type { DialectName } from './served-grant.ts';

/** A server for the fixtures of a dialect. */
export type FixtureTrial = {
  readonly server: KeyfobServer;
  readonly codes: CodeMaker;
  /** Keeps the store away from the server while work goes on. */
  withoutStore(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
};

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

/** The dialects that have fixtures, and the files of each. */
export const FIXTURE_DIALECTS = ['smartcar', 'pleos'] as const satisfies readonly DialectName[];
export const FIXTURE_FILES = ['refresh', 'refusals', 'outage', 'code', 'vehicles'] as const;

/** Registers every fixture of both dialects, each dialect on a server of its own. `where` is what they are kept on. */
export const describeFixtures = (where: string, open: () => Promise<FixtureTrial>): void => {
  for (const dialect of FIXTURE_DIALECTS)
    describe(`The wire of ${dialect} is as its fixtures say${where}`, { timeout: 300_000 }, () => {
      let trial: FixtureTrial;
      let valuesFor: FixtureValues;
      before(async () => {
        trial = await open();
        valuesFor = prepareFixtures(trial.server, dialect, trial.codes);
      });
      after(() => trial.close());

      for (const file of FIXTURE_FILES)
        if (file !== 'outage')
          describe(`${dialect}-${file}.json`, () => {
            for (const fixture of readFixtures(dialect, file))
              it(fixture.name, async () => {
                const values = await valuesFor(fixture);
                assertAnswer(await sendFixture(trial.server, fixture, values), fixture, values);
              });
          });

      describe(`${dialect}-outage.json`, () => {
        for (const fixture of readFixtures(dialect, 'outage'))
          it(`${fixture.name}; once the store is back the same token or code is good`, async () => {
            const values = await valuesFor(fixture);
            await trial.withoutStore(async () => {
              assertAnswer(await sendFixture(trial.server, fixture, values), fixture, values);
            });
            const file = placeholdersOf(fixture).has('code') ? 'code' : 'refresh';
            const [good] = readFixtures(dialect, file) as [FixtureCase];
            assertAnswer(await sendFixture(trial.server, good, values), good, values);
          });
      });
    });
};
