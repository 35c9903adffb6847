import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { assertionFields, makeClientKey, signAssertion } from '../support/assertion.ts';
import type { AssertionVariant, ClientKeyPair } from '../support/assertion.ts';
import type { DpopKey } from '../support/dpop-key.ts';
import type { ConnectTrial } from './connect-trial.ts';
import { createPlainBrowser } from './plain-browser.ts';
import type { PlainBrowser, PlainPage } from './plain-browser.ts';

export type Json = Readonly<Record<string, unknown>>;
export type Fields = Readonly<Record<string, string | undefined>>;
/** A client with a key. */
export type Keyed = { readonly clientId: string; readonly key: ClientKeyPair };

export const PUSHED_REDIRECT_URI = 'https://app.example/callback';
const OWNER = '1';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** What an app asks an owner for. */
export const REQUEST: Fields = {
  response_type: 'code',
  redirect_uri: PUSHED_REDIRECT_URI,
  scope: 'read_odometer',
  state: 'st',
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
};

/** Registers a client with a key and without a secret; it must push its requests. */
export const registerKeyed = async (
  { register }: Pick<ConnectTrial, 'register'>,
  policy: Json = {},
): Promise<Keyed> => {
  const key = makeClientKey('one');
  const { clientId } = await register('oauth', {
    redirectUris: [PUSHED_REDIRECT_URI],
    jwks: { keys: [key.jwk] },
    policy: { clientAuthentication: 'private_key_jwt', requirePar: true, deviceFlow: true, ...policy },
  });
  return { clientId, key };
};

export const formOf = (fields: Fields): URLSearchParams => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value);
  return form;
};

export const queryOf = (fields: Fields): string => formOf(fields).toString();

/** Where the owner is sent back to, as the parameters of the redirect. */
export const sentBack = (page: PlainPage): Json => {
  assert.equal(page.status, 302, page.body);
  assert.ok(page.location.startsWith(`${PUSHED_REDIRECT_URI}?`), page.location);
  return Object.fromEntries(new URL(page.location).searchParams);
};

/** The field of the vehicle that a consent page offers. */
export const vehicleOf = ({ body }: PlainPage): Record<string, string> => {
  const name = /name="(?<name>vehicle_[^"]+)"/.exec(body)?.groups?.['name'];
  return name === undefined ? {} : { [name]: 'yes' };
};

/** What an owner sees who has signed in. */
const signIn = async (browser: PlainBrowser, at: string): Promise<PlainPage> => {
  const page = await browser.open(at);
  assert.equal(page.status, 200, page.body);
  const signedIn = await browser.press(page, OWNER);
  return signedIn.target === '' ? signedIn : browser.open(signedIn.target);
};

/** A server: its public URL, which is the issuer, and what sends requests to it. */
type Place = { readonly url: string; readonly nowMs: () => number; readonly send?: typeof fetch };

/** What keyed clients and their owners do at a server. */
export const createPushingApp = ({ url, nowMs, send = fetch }: Place) => {
  const authenticated = ({ clientId, key }: Keyed, variant?: AssertionVariant): Fields =>
    assertionFields(signAssertion(key, clientId, url, { nowMs: nowMs(), ...variant }));

  const post = async (path: string, form: URLSearchParams): Promise<readonly [number, Json]> => {
    const response = await send(`${url}${path}`, { method: 'POST', body: form });
    const text = await response.text();
    return [response.status, text === '' ? {} : (JSON.parse(text) as Json)];
  };

  const pushForm = (client: Keyed, fields: Fields = {}, variant?: AssertionVariant): URLSearchParams =>
    formOf({ ...REQUEST, ...authenticated(client, variant), ...fields });

  const redeemForm = (client: Keyed, code: string, fields: Fields = {}): URLSearchParams =>
    formOf({
      grant_type: 'authorization_code',
      code,
      redirect_uri: PUSHED_REDIRECT_URI,
      code_verifier: VERIFIER,
      ...authenticated(client),
      ...fields,
    });

  const push = (client: Keyed, fields?: Fields, variant?: AssertionVariant) =>
    post('/oauth/par', pushForm(client, fields, variant));

  const visitUrl = ({ clientId }: Pick<Keyed, 'clientId'>, requestUri: string): string =>
    `${url}/authorize?${queryOf({ client_id: clientId, request_uri: requestUri })}`;

  const sendProved = async (path: string, form: URLSearchParams, key: DpopKey, nonce?: string) => {
    const headers = { DPoP: key.prove(`${url}${path}`, { nonce }) };
    const response = await send(`${url}${path}`, { method: 'POST', body: form, headers });
    return { response, body: (await response.json()) as Json };
  };

  return {
    post,
    authenticated,
    pushForm,
    redeemForm,
    push,
    visitUrl,
    signIn,
    sendProved,

    async pushed(client: Keyed, fields: Fields = {}): Promise<string> {
      const [status, body] = await push(client, fields);
      assert.equal(status, 201, JSON.stringify(body));
      return String(body['request_uri']);
    },

    /** The code of an owner who agrees. */
    async agree(client: Keyed, requestUri: string): Promise<string> {
      const browser = createPlainBrowser(send);
      const consent = await signIn(browser, visitUrl(client, requestUri));
      const back = sentBack(await browser.press(consent, 'agree', vehicleOf(consent)));
      assert.equal(back['iss'], url);
      return String(back['code']);
    },

    redeem: (client: Keyed, code: string, fields?: Fields) =>
      post('/token', redeemForm(client, code, fields)),

    refresh: (client: Keyed, token: unknown, fields: Fields = authenticated(client)) =>
      post('/token', formOf({ grant_type: 'refresh_token', refresh_token: String(token), ...fields })),

    /** Sends a form with a proof of the key, and again with the nonce that the server asks for. */
    async postProved(path: string, makeForm: () => URLSearchParams, key: DpopKey) {
      const first = await sendProved(path, makeForm(), key);
      assert.deepEqual([first.response.status, first.body['error']], [400, 'use_dpop_nonce']);
      const nonce = first.response.headers.get('dpop-nonce') ?? assert.fail();
      return sendProved(path, makeForm(), key, nonce);
    },
  };
};

/** The app of a trial in this process, with its clock. */
export const pushingAppOf = (trial: ConnectTrial) =>
  createPushingApp({ url: trial.url, nowMs: () => Date.now() + trial.ahead });
