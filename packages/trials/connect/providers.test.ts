import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { LogEvent } from '@keyfob/server';
import { openUpstreamProvider } from '../support/upstream-provider.ts';
import type { ProviderVariant } from '../support/upstream-provider.ts';
import { openConnectTrial, smartcarUrl } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';

type SignInEvent = Exclude<
  Extract<LogEvent, { readonly event: `${string}sign${string}` }>,
  { readonly event: 'owner.signed_out' }
>;

/** Signs an owner in at a provider. Answers the last page of that, the owner's own page, and what was reported. */
const signIn = async (
  t: TestContext,
  variant: ProviderVariant,
  settings: { readonly secret?: string; readonly method?: 'client_secret_basic' | 'client_secret_post' } = {},
) => {
  const provider = await openUpstreamProvider();
  t.after(() => provider.close());
  const trial = await openConnectTrial(t, {
    signInIssuer: provider.issuer,
    signInClientId: provider.clientId,
    signInClientSecret: settings.secret ?? provider.clientSecret,
    signInClientAuthentication: settings.method,
  });
  provider.serve(`${trial.url}/connect/callback`, variant);
  const browser = createPlainBrowser();
  const target = smartcarUrl(trial, await trial.register('smartcar'));
  const last = await browser.follow(target, trial.url, provider.issuer);
  const own = await browser.open(`${trial.url}/connect`);
  const events = trial.events.filter(
    (event): event is SignInEvent => event.event.includes('sign') && event.event !== 'owner.signed_out',
  );
  return { last, own, events, browser };
};

const outline = (events: readonly SignInEvent[]) =>
  events.map((one) => {
    if (one.event === 'owner.signed_in') return 'signed in';
    if (one.event === 'sign_in.entries_left_out') return `${one.count} left out, ${one.cause}`;
    return `${one.reason} ${one.providerError}`;
  });

for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
  void test(`Owners sign in at a provider that takes only ${method}`, async (t) => {
    const { own, events } = await signIn(t, { clientAuthentication: method });
    assert.match(own.body, /Name of owner-1/);
    assert.deepEqual(outline(events), ['signed in']);
  });

  void test(`A wrong secret, sent as ${method}, is an outage, and the code of the provider is reported`, async (t) => {
    const { last, events } = await signIn(t, { clientAuthentication: method }, { secret: 'wrong' });
    assert.equal(last.status, 503);
    assert.deepEqual(outline(events), ['provider_unavailable invalid_client']);
    assert.doesNotMatch(JSON.stringify(events), /wrong|client authentication failed/);
  });
}

void test('At a provider that offers no sign-out, an owner signs out here and reads that', async (t) => {
  const { own, browser, events } = await signIn(t, {
    alter: (document) => void delete document['end_session_endpoint'],
  });
  const out = await browser.press(own, 'sign_out');
  assert.equal(out.status, 303);
  assert.match((await browser.open(out.location)).body, /You are signed out here, but not/);
  assert.deepEqual(outline(events), ['signed in']);
});

void test('A setting overrides metadata that is wrong', async (t) => {
  const variant: ProviderVariant = {
    clientAuthentication: 'client_secret_post',
    alter(document) {
      if ('issuer' in document) document['token_endpoint_auth_methods_supported'] = ['client_secret_basic'];
    },
  };
  const misled = await signIn(t, variant);
  assert.equal(misled.last.status, 503);
  const set = await signIn(t, variant, { method: 'client_secret_post' });
  assert.match(set.own.body, /Name of owner-1/);
});

void test('One bad entry in the metadata or the keys of a provider stops no sign-in, and is reported', async (t) => {
  const { own, events } = await signIn(t, {
    alter(document) {
      if (Array.isArray(document['keys'])) {
        const [key] = document['keys'] as readonly object[];
        document['keys'] = [null, { kty: 'RSA' }, { ...key, alg: null, x5t: null }];
      } else {
        document['token_endpoint_auth_methods_supported'] = null;
        document['scopes_supported'] = ['openid', null];
      }
    },
  });
  assert.match(own.body, /Name of owner-1/);
  assert.deepEqual(outline(events), [
    '1 left out, scopes_supported[1]: not a text',
    '2 left out, keys[0]: not an object',
    'signed in',
  ]);
});
