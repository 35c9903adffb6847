import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConnectTrial, smartcarUrl } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';

for (const mode of ['simulated', 'test'])
  test(`without a demo nobody gets tokens without any proof: mode=${mode} is not for public clients`, async (t) => {
    const trial = await openConnectTrial(t, {});
    const client = await trial.register('smartcar', { type: 'public' });
    const code = { code_challenge: 'v'.repeat(43), code_challenge_method: 'S256' };
    const page = await createPlainBrowser().open(smartcarUrl(trial, client, { mode, ...code }));
    assert.equal(new URL(page.location || trial.url).searchParams.get('error'), 'unauthorized_client');
  });
