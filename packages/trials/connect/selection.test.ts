import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { sealSelection } from '@keyfob/server/tokens';
import type { GrantId, Selection } from '@keyfob/server/tokens';
import { openConnectTrial, pleosUrl, redeemCode, REDIRECT_URI } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

const trial = await openConnectTrial({ after });
const client = await trial.register('pleos');
const { store } = trial.deployment;

const OWNER = '2';
const SUBJECT = 'simulated:owner-2';
const EV6 = { id: '431df679-8708-5209-8aff-c32138260bf1', vin: 'KNDC3DLC9P5091462' };
const SPORTAGE = { id: '10add9c1-593f-5181-9b4d-99b7494f054e', vin: 'KNDPUCDG2R7155309' };
const STATE = 'a b/ü&"=';

/** Signs in and gives consent. Returns the id of the grant. */
const createGrant = async (browser: PlainBrowser): Promise<GrantId> => {
  const page = await browser.open(pleosUrl(trial, client));
  await browser.press(page, OWNER);
  const agreed = await browser.press(await browser.open(pleosUrl(trial, client)), 'agree');
  const code = new URL(agreed.location).searchParams.get('code') ?? '';
  const [status] = await redeemCode(trial, 'pleos', client, { code });
  assert.equal(status, 200);
  const event = trial.events.findLast((one) => one.event === 'code.redeemed');
  return BigInt.asIntN(64, BigInt(`0x${event?.event === 'code.redeemed' ? event.grantId : '0'}`));
};

const urlOf = async (grantId: GrantId, changed: Partial<Selection> = {}): Promise<string> => {
  const selection: Selection = {
    grantId,
    clientId: client.clientId,
    subject: SUBJECT,
    brand: 'kia',
    state: STATE,
    lang: 'en',
    ...changed,
  };
  const sessionId = await sealSelection(trial.deployment.keyRing, selection, Date.now() + trial.ahead);
  return `${trial.url}/v1/vehicles/select-vehicle?lang=ko&sessionId=${sessionId}`;
};

const sentBack = (page: PlainPage): Readonly<Record<string, string>> => {
  assert.equal(page.status, 302, page.body);
  assert.ok(page.location.startsWith(`${REDIRECT_URI}&`), page.location);
  const { keep: _, ...rest } = Object.fromEntries(new URL(page.location).searchParams);
  return rest;
};

describe('The choice of vehicles with Pleos', () => {
  test('offers the vehicles of the brand, and redirects with the VINs of the chosen ones', async () => {
    const browser = createPlainBrowser();
    const grantId = await createGrant(browser);
    const page = await browser.open(await urlOf(grantId));
    assert.equal(page.status, 200, page.body);
    assert.match(page.body, /<html lang="ko">/);
    assert.match(page.headers.get('cross-origin-opener-policy') ?? '', /same-origin/);
    assert.equal(page.body.match(/type="checkbox"/g)?.length, 2);
    const none = await browser.press(page, 'agree');
    assert.equal(none.status, 400);
    const shared = await browser.press(page, 'agree', {
      [`vehicle_${EV6.id}`]: 'yes',
      [`vehicle_${SPORTAGE.id}`]: 'yes',
    });
    const { vehicles, state } = sentBack(shared);
    assert.equal(state, STATE);
    assert.deepEqual(JSON.parse(Buffer.from(vehicles ?? '', 'base64').toString()), [EV6.vin, SPORTAGE.vin]);
    assert.equal((await store.listVehicles(grantId)).length, 2);

    const again = await browser.open(await urlOf(grantId));
    assert.equal(again.body.match(/checked/g)?.length, 2);
    sentBack(await browser.press(again, 'agree', { [`vehicle_${EV6.id}`]: 'yes' }));
    assert.deepEqual(
      (await store.listVehicles(grantId)).map(({ vin }) => vin),
      [EV6.vin],
    );
    assert.deepEqual(sentBack(await browser.press(again, 'decline')), { state: STATE });
    assert.equal((await store.listVehicles(grantId)).length, 1);
  });

  test('does not change vehicles of other brands', async () => {
    const browser = createPlainBrowser();
    const grantId = await createGrant(browser);
    const ioniq = { id: '9e2c0502-36cd-5f62-a987-a4b4dde6d189', vin: 'KMHKM81A0RU104217' };
    const more = { make: 'hyundai', model: 'IONIQ 5', year: 2024, nickname: '', powertrain: 'EV' } as const;
    await store.selectVehicles(grantId, [{ ...ioniq, ...more }], { nowMs: 1, requestId: undefined });
    const page = await browser.open(await urlOf(grantId));
    sentBack(await browser.press(page, 'agree', { [`vehicle_${EV6.id}`]: 'yes' }));
    const vins = (await store.listVehicles(grantId)).map(({ vin }) => vin);
    assert.deepEqual(vins.sort(), [ioniq.vin, EV6.vin].sort());
  });

  test('redirects to the consent redirect URI of the client if it has one', async () => {
    const browser = createPlainBrowser();
    const grantId = await createGrant(browser);
    await store.changeClient(client.clientId, { consentRedirectUri: 'https://app.example/shared' });
    const page = await browser.open(await urlOf(grantId));
    const declined = await browser.press(page, 'decline');
    await store.changeClient(client.clientId, { consentRedirectUri: null });
    assert.equal(declined.location, `https://app.example/shared?state=${encodeURIComponent(STATE)}`);
  });

  test('asks for sign-in, and offers nothing to another owner', async () => {
    const grantId = await createGrant(createPlainBrowser());
    const url = await urlOf(grantId);
    const stranger = createPlainBrowser();
    const signIn = await stranger.open(url);
    const other = await stranger.open((await stranger.press(signIn, '1')).location);
    assert.equal(other.status, 403);
    assert.doesNotMatch(other.body, /checkbox/);
    const forced = { ...other, body: other.body.replace('value="switch"', 'value="agree"') };
    const pressed = await stranger.press(forced, 'agree', { [`vehicle_${EV6.id}`]: 'yes' });
    assert.deepEqual([pressed.status, pressed.location], [303, url]);
    assert.deepEqual(await store.listVehicles(grantId), []);
    const switched = await stranger.open((await stranger.press(other, 'switch')).location);
    const right = await stranger.open((await stranger.press(switched, OWNER)).location);
    assert.ok(right.body.includes('checkbox'));
  });

  test('expires after ten minutes, and does not work without its grant and client', async () => {
    const browser = createPlainBrowser();
    const grantId = await createGrant(browser);
    const url = await urlOf(grantId);
    trial.ahead = 601_000;
    const late = await browser.open(url);
    trial.ahead = 0;
    assert.deepEqual([late.status, late.location], [400, '']);
    assert.equal((await browser.open(url)).status, 200);
    await store.changeClient(client.clientId, { disabledAtMs: 1 });
    assert.equal((await browser.open(url)).status, 400);
    await store.changeClient(client.clientId, { disabledAtMs: null });
    const page = await browser.open(url);
    await store.revoke(grantId, { nowMs: 1 * 1000, cause: 'operator' });
    assert.equal((await browser.open(url)).status, 400);
    assert.equal((await browser.press(page, 'agree', { [`vehicle_${EV6.id}`]: 'yes' })).status, 400);
    for (const other of ['', '?sessionId=', '?sessionId=x', '?lang=ko', '?sessionId=%zz'])
      assert.equal((await browser.open(`${trial.url}/v1/vehicles/select-vehicle${other}`)).status, 400);
  });
});
