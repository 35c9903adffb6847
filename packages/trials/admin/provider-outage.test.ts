import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSignInBrowser } from '../support/sign-in-browser.ts';
import { openProviderConsole } from '../support/provider-console.ts';
import type { ProviderConsole } from '../support/provider-console.ts';
import { answerStatus } from '../support/scripted-provider.ts';

const DISCOVERY = '/.well-known/openid-configuration';

/** Takes the way through the provider in a new browser, and answers the last page. */
const signIn = async ({ adminUrl }: ProviderConsole) => {
  const browser = createSignInBrowser();
  const response = await browser.follow(`${adminUrl}/console/sign-in`);
  return { response, text: await response.text(), browser };
};

/** A page of an outage: what to do, and its event with a cause. */
const assertOutage = async (trial: ProviderConsole, cause: RegExp): Promise<void> => {
  const before = trial.failures().length;
  const { response, text } = await signIn(trial);
  assert.equal(response.status, 503);
  assert.ok(response.headers.has('retry-after'));
  assert.match(text, /Your organisation.s sign-in cannot be reached/);
  assert.match(text, /href="\/console\/sign-in"/);
  assert.match(text, /keyfob console login/);
  const [failure, ...others] = trial.failures().slice(before);
  assert.ok(failure !== undefined && others.length === 0);
  assert.equal(failure.reason, 'provider_unavailable');
  assert.match(failure.cause, cause);
  assert.ok(text.includes(failure.requestId), 'the page has the id of its event');
  assert.equal(failure.caller.address, '127.0.0.1');
};

const assertSignedIn = async (trial: ProviderConsole): Promise<void> => {
  const { response, browser } = await signIn(trial);
  assert.equal(response.status, 200, JSON.stringify(trial.failures().at(-1)));
  assert.match(await (await browser.ask(`${trial.adminUrl}/console`)).text(), /sign-out/);
};

/** What a provider answers in an outage, and what the log says of it. */
const ANSWERS = [
  ['503', answerStatus(503), /OAUTH_RESPONSE_IS_NOT_CONFORM|ResponseBodyError/],
  ['429', answerStatus(429), /./],
  ['a page with 200', answerStatus(200), /./],
  ['half a JSON text', answerStatus(200, '{"issuer":'), /./],
  ['too much', answerStatus(200, 'x'.repeat(1024 * 1024 + 1)), /1 MiB/],
  ['nothing', (response: { destroy(): unknown }) => void response.destroy(), /TypeError|fetch/],
] as const;

describe('An operator whose provider fails reads that it is an outage, and the log has the cause', () => {
  for (const path of [DISCOVERY, '/token', '/jwks'])
    for (const [name, answer, cause] of ANSWERS)
      test(`when ${path} answers ${name}, and signs in when it is back`, async (t) => {
        const trial = await openProviderConsole(t);
        trial.provider.answers.set(path, answer);
        await assertOutage(trial, cause);
        trial.provider.answers.clear();
        await assertSignedIn(trial);
      });

  test('when nobody listens, and signs in when it is back', async (t) => {
    const trial = await openProviderConsole(t);
    await trial.provider.stop();
    await assertOutage(trial, /ECONNREFUSED/);
    // The way in without the provider stays.
    await trial.provider.start();
    await assertSignedIn(trial);
    await trial.provider.stop();
    const browser = createSignInBrowser();
    // What is known of the provider leads there. The browser says that nobody listens.
    assert.equal((await browser.ask(`${trial.adminUrl}/console/sign-in`)).status, 303);
  });

  test('when its metadata names another issuer, or no token endpoint', async (t) => {
    const trial = await openProviderConsole(t);
    trial.provider.metadata = { issuer: 'https://other.example' };
    await assertOutage(trial, /discovery failed/);
    trial.provider.metadata = { token_endpoint: undefined };
    await assertOutage(trial, /OAUTH_MISSING_SERVER_METADATA/);
    trial.provider.metadata = {};
    await assertSignedIn(trial);
  });

  test('when it refuses the console itself, or says that it is away', async (t) => {
    const trial = await openProviderConsole(t);
    for (const error of ['server_error', 'temporarily_unavailable', 'unauthorized_client']) {
      trial.provider.alterAnswer = (answer) => {
        answer.delete('code');
        answer.set('error', error);
        answer.set('error_description', 'private words');
      };
      await assertOutage(trial, /./);
      assert.equal(trial.failures().at(-1)?.providerError, error);
    }
    trial.provider.alterAnswer = () => {};
    trial.provider.answers.set('/token', (response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    });
    await assertOutage(trial, /./);
    assert.doesNotMatch(JSON.stringify(trial.events), /private words/);
  });

  test('when it takes requests and answers none, after at most ten seconds each', async (t) => {
    await Promise.all(
      [DISCOVERY, '/token', '/jwks'].map(async (path) => {
        const trial = await openProviderConsole(t);
        trial.provider.answers.set(path, () => {});
        await assertOutage(trial, /TimeoutError|OAUTH_TIMEOUT/);
        // The headers come, and then a byte now and then.
        trial.provider.answers.set(path, (response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const drip = setInterval(() => response.write(' '), 500);
          response.on('close', () => clearInterval(drip));
        });
        await assertOutage(trial, /TimeoutError|OAUTH_TIMEOUT/);
        trial.provider.answers.clear();
        await assertSignedIn(trial);
      }),
    );
  });
});

test('A provider that signs with new keys from one moment on loses at most one sign-in', async (t) => {
  const trial = await openProviderConsole(t);
  await assertSignedIn(trial);
  await trial.provider.rotateKey();
  await assertOutage(trial, /OAUTH_KEY_SELECTION_FAILED/);
  await assertSignedIn(trial);
});

test('A provider whose endpoints move is read again after its first failure', async (t) => {
  const trial = await openProviderConsole(t);
  await assertSignedIn(trial);
  trial.provider.answers.set('/token', answerStatus(404));
  await assertOutage(trial, /./);
  trial.provider.answers.clear();
  const before = trial.provider.asked.filter((asked) => asked === DISCOVERY).length;
  await assertSignedIn(trial);
  assert.equal(trial.provider.asked.filter((asked) => asked === DISCOVERY).length, before + 1);
});
