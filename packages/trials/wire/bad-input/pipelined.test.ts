import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sendRaw, writeRequest } from '../../support/raw-request.ts';
import type { RawResponse } from '../../support/raw-request.ts';
import { makeClientWithGrant, readTokens, serveGrant, goodRequest } from '../../support/served-grant.ts';
import type { DialectName } from '../../support/dialect-name.ts';
import type { ServedGrant } from '../../support/served-grant.ts';

const KEEP = { headers: { Connection: 'keep-alive' } };
const GARBAGE = Buffer.from('this is not HTTP\r\n\r\n');

const statuses = (responses: readonly RawResponse[]): readonly number[] =>
  responses.map(({ status }) => status);

for (const dialect of ['smartcar', 'pleos'] as const satisfies readonly DialectName[])
  describe(`${dialect} requests that are pipelined on one connection`, { timeout: 120_000 }, () => {
    let served: ServedGrant;
    before(async () => {
      served = await serveGrant(dialect);
    });
    after(() => served.server.kill());

    const makeGrant = async () => {
      const made = await makeClientWithGrant(served.server, dialect);
      served.addSecrets(made.clientSecret, made.accessToken, made.refreshToken);
      return made;
    };
    type Made = Awaited<ReturnType<typeof makeGrant>>;
    const writeGood = (made: Made, changes = {}): Buffer =>
      writeRequest(goodRequest(dialect, made, made.refreshToken, changes));
    const generationOf = async ({ grantId }: Made): Promise<number> =>
      (await served.server.command<{ generation: number }>('grant', 'show', grantId)).generation;
    /** An honest client loses its grant if a rotation gets no answer. */
    const assertNoneLost = async (
      grants: readonly Made[],
      responses: readonly RawResponse[],
    ): Promise<void> => {
      const generations = await Promise.all(grants.map(generationOf));
      const rotations = generations.reduce((sum, generation) => sum + generation, 0);
      const answers = responses.filter(({ status }) => status === 200).length;
      assert.equal(rotations, answers, 'every rotation has an answer with tokens');
    };

    it('two good refreshes are both answered, in order', async () => {
      const [one, two] = await Promise.all([makeGrant(), makeGrant()]);
      const responses = await sendRaw(
        served.server.url,
        Buffer.concat([writeGood(one, KEEP), writeGood(two)]),
      );
      assert.deepEqual(statuses(responses), [200, 200]);
      const again = responses.map((response, index) => {
        const made = { ...(index === 0 ? one : two), ...readTokens(response) };
        served.addSecrets(made.accessToken, made.refreshToken);
        return writeGood(made);
      });
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = again;
      assert.deepEqual(statuses(await sendRaw(served.server.url, first)), [200]);
      assert.deepEqual(statuses(await sendRaw(served.server.url, second)), [200]);
    });

    it('a good request and its repetition rotate once', async () => {
      const one = await makeGrant();
      const responses = await sendRaw(
        served.server.url,
        Buffer.concat([writeGood(one, KEEP), writeGood(one)]),
      );
      assert.deepEqual(statuses(responses), dialect === 'smartcar' ? [200, 200] : [200, 400]);
      assert.equal(await generationOf(one), 1);
    });

    it('a refused request does not prevent the answer to the next one', async () => {
      const one = await makeGrant();
      const refused = writeGood(one, { ...KEEP, method: 'GET' });
      const responses = await sendRaw(served.server.url, Buffer.concat([refused, writeGood(one)]));
      assert.deepEqual(statuses(responses), [dialect === 'smartcar' ? 405 : 400, 200]);
    });

    it('a good request followed by garbage gets its tokens', async () => {
      const one = await makeGrant();
      const responses = await sendRaw(served.server.url, Buffer.concat([writeGood(one, KEEP), GARBAGE]));
      await assertNoneLost([one], responses);
      assert.equal(responses[0]?.status, 200);
    });

    it('a good request with "Connection: close", followed by garbage, gets its tokens', async () => {
      const one = await makeGrant();
      const responses = await sendRaw(served.server.url, Buffer.concat([writeGood(one), GARBAGE]));
      await assertNoneLost([one], responses);
      assert.equal(responses[0]?.status, 200);
    });

    it('a good request followed by an empty line gets its tokens', async () => {
      const one = await makeGrant();
      const responses = await sendRaw(
        served.server.url,
        Buffer.concat([writeGood(one), Buffer.from('\r\n')]),
      );
      await assertNoneLost([one], responses);
      assert.equal(responses[0]?.status, 200);
    });

    it('two good requests followed by garbage lose no answer', async () => {
      const [one, two] = await Promise.all([makeGrant(), makeGrant()]);
      const bytes = Buffer.concat([writeGood(one, KEEP), writeGood(two, KEEP), GARBAGE]);
      await assertNoneLost([one, two], await sendRaw(served.server.url, bytes));
    });

    it('a good request before a body that is too large loses no answer', async () => {
      const one = await makeGrant();
      const tooLarge = writeGood(one, { ...KEEP, body: 'x'.repeat(17 * 1024) });
      const responses = await sendRaw(served.server.url, Buffer.concat([tooLarge, writeGood(one)]));
      await assertNoneLost([one], responses);
    });

    it('a good request after garbage is ignored', async () => {
      const one = await makeGrant();
      const responses = await sendRaw(served.server.url, Buffer.concat([GARBAGE, writeGood(one)]));
      assert.deepEqual(statuses(responses), [400]);
      assert.equal(await generationOf(one), 0);
    });

    it('the log contains none of the secrets, tokens and credentials that were used', async () =>
      served.stopAndReadLog());
  });
