import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { addWebhook, createAuthorizationServer, createGrant, registerClient } from '@keyfob/server';
import { createLoginLink, changeClient } from '@keyfob/server';
import { writeGrantId } from '@keyfob/server/tokens';
import { CONSOLE_PAGES } from '../support/console-pages.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { sampleVehicle } from '../support/samples.ts';
import { directoryFor, runOn } from '../support/test-directory.ts';
import { createSignInBrowser } from '../support/sign-in-browser.ts';

/** Markup, a control sequence of two bytes and of one, and a mark that turns the rest of a line around. */
const HOSTILE = `"'><img src=x onerror=alert(1)>\u001b[2J\u009b31m\u202e`;
/** The same as far as a header can have it. */
const HOSTILE_HEADER = `"'><img src=x onerror=alert(1)>\u009b31m`;

const scope = { after };
const directory = directoryFor(scope);
const server = await createAuthorizationServer({ data: directory, port: 0, adminPort: 0 });
after(() => server.close());
const { url, adminUrl = '' } = await server.listen();
const { deployment } = server;
const registered = await registerClient(deployment, { dialect: 'smartcar', name: 'Charge planner' });
assert.equal(registered.outcome, 'registered');
const { clientSecret = '', client } = registered;
await changeClient(deployment, client.id, {
  policy: { rotation: 'strict', overlapSeconds: 0, raceSeconds: 0 },
});
const created = await createGrant(deployment, {
  clientId: client.id,
  subject: `owner-${HOSTILE}`,
  scope: 'read_vehicle_info',
  brand: undefined,
});
assert.equal(created.outcome, 'created');
const grantId = writeGrantId(created.grant.id);
const vehicle = sampleVehicle(1, {
  vin: `VIN${HOSTILE}`,
  make: `make${HOSTILE}`,
  model: `model${HOSTILE}`,
  nickname: `nick${HOSTILE}`,
});
await deployment.store.selectVehicles(created.grant.id, [vehicle], { nowMs: deployment.clock() });
const webhook = await addWebhook(deployment, {
  url: 'https://hooks.example/keyfob',
  format: 'standard',
  clientId: undefined,
  kinds: undefined,
  isHttpAllowed: false,
});
assert.equal(webhook.outcome, 'added');
const first = created.tokens.refreshToken;
const made = { clientId: client.id, clientSecret };
for (const token of [first, first])
  await refreshSmartcar(url, made, token, { 'User-Agent': `agent${HOSTILE_HEADER}` });

const [delivery] = await deployment.store.listDeliveries({
  webhookId: webhook.webhook.id,
  states: ['pending', 'retrying', 'delivered', 'given_up'],
  limit: 1,
});
assert.ok(delivery !== undefined);
const { sequence } = delivery.grantEvent;
await deployment.store.settleDelivery(
  { webhookId: webhook.webhook.id, sequence, attempts: delivery.attempts + 2 },
  { kind: 'failed', status: 500, error: `error${HOSTILE}`, nextAtMs: deployment.clock() + 86_400_000 },
  { atMs: deployment.clock(), tookMs: 1 },
);

describe('What strangers chose', () => {
  test('is text on every page of the console, and turns nothing around outside of its own element', async () => {
    const operator = { kind: 'link', id: 'x', name: `name${HOSTILE}`, role: 'admin' } as const;
    const browser = createSignInBrowser();
    const link = await createLoginLink(deployment, operator);
    const linkPage = await (await browser.ask(`${adminUrl}/console/login?link=${link}`)).text();
    await browser.send(`${adminUrl}/console/login`, { link });
    const ids = {
      clientId: client.id,
      grants: { restored: grantId, stolen: grantId, fine: grantId, insured: grantId },
      delivery: { webhookId: webhook.webhook.id, sequence },
    };
    const query = new URLSearchParams({ subject: `owner-${HOSTILE}`, text: `owner-${HOSTILE}` });
    const paths = CONSOLE_PAGES.map(({ path }) => path(ids));
    const pages = [['the link', linkPage]];
    for (const path of [...paths, `/console?${query.toString()}`]) {
      const response = await browser.ask(`${adminUrl}${path}`);
      assert.equal(response.status, 200, path);
      pages.push([path, await response.text()]);
    }
    const shown = pages.map(([, text]) => text).join('\n');
    for (const part of [
      'owner-&quot;',
      'make&quot;',
      'model&quot;',
      'agent&quot;',
      'error&quot;',
      'name&quot;',
    ])
      assert.ok(shown.includes(part), `${part} is on no page`);
    for (const [path = '', text = ''] of pages) {
      assert.doesNotMatch(text, /<img/, path);
      const rest = text
        .replaceAll(/<bdi\b[^>]*>[^<]*<\/bdi>/g, '')
        .replaceAll(/<(?:title|option|textarea)\b[^>]*>[^<]*<\/(?:title|option|textarea)>/g, '')
        .replaceAll(/="[^"]*"/g, '');
      const at = rest.indexOf('\u202e');
      assert.equal(at, -1, `${path}: ${rest.slice(Math.max(0, at - 200), at + 10)}`);
    }
  });

  test('steers no terminal, as text or as JSON', async () => {
    const subject = `--subject=owner-${HOSTILE}`;
    for (const words of [
      ['grant', 'show', grantId],
      ['grant', 'list', subject],
      ['grant', 'list', subject, '--limit', '0'],
      ['grant', 'show', `x${HOSTILE}`],
      ['client', 'show', `x${HOSTILE}`],
      ['client', `x${HOSTILE}`],
      ['events', '--grant', grantId],
      ['events'],
      ['troubles'],
      ['audit', 'list'],
      ['audit', 'export'],
      ['webhook', 'deliveries', webhook.webhook.id, '--attempts'],
      ['webhook', 'deliveries', '--failed'],
      ['webhook', 'list'],
    ])
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await runOn(directory, ...words, ...more);
        assert.doesNotMatch(`${stdout}${stderr}`, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u, words.join(' '));
      }
  });
});
