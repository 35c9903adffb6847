import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeRequest } from './write-request.ts';
import { bmw, hyundai, oauth, pleos, smartcar, smartcarV3, tesla, volvo } from '../providers/vendors.ts';
import type { Client } from '../providers/clients.ts';

const CREDENTIALS = { clientId: 'id', clientSecret: 'sec ret' };
const BASIC = `Basic ${btoa('id:sec+ret')}`;
const FORM = 'application/x-www-form-urlencoded';

/** What each vendor's page says about a refresh. */
const REQUESTS: readonly (readonly [string, Client, Readonly<Record<string, unknown>>])[] = [
  [
    'smartcar: a form with HTTP Basic and a User-Agent',
    smartcar(CREDENTIALS),
    {
      url: 'https://auth.smartcar.com/oauth/token',
      type: FORM,
      authorization: BASIC,
      body: 'grant_type=refresh_token&refresh_token=r',
    },
  ],
  [
    'smartcar v3: client credentials, and no refresh token',
    smartcarV3(CREDENTIALS),
    {
      url: 'https://iam.smartcar.com/oauth2/token',
      type: FORM,
      authorization: BASIC,
      body: 'grant_type=client_credentials',
    },
  ],
  [
    'pleos: JSON with the credentials in it, and the brand in a header',
    pleos(CREDENTIALS),
    {
      url: 'https://api.pleos.ai/v1/auth/token-refresh',
      type: 'application/json',
      brand: 'kia',
      body: '{"refreshToken":"r","clientId":"id","clientSecret":"sec ret"}',
    },
  ],
  [
    'tesla: a form with the credentials in it',
    tesla(CREDENTIALS),
    {
      url: 'https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token',
      type: FORM,
      body: 'grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=sec+ret',
    },
  ],
  [
    'hyundai: a form with HTTP Basic, and the redirect URI where it is given',
    hyundai({
      ...CREDENTIALS,
      differences: { constants: { redirect_uri: 'https://app.example/callback' } },
    }),
    {
      url: 'https://prd.kr-ccapi.hyundai.com/api/v1/user/oauth2/token',
      type: FORM,
      authorization: BASIC,
      body: 'redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&grant_type=refresh_token&refresh_token=r',
    },
  ],
  [
    'bmw: a form with the id of the client alone',
    bmw({ clientId: 'id' }),
    {
      url: 'https://customer.bmwgroup.com/gcdm/oauth/token',
      type: FORM,
      body: 'grant_type=refresh_token&refresh_token=r&client_id=id',
    },
  ],
  [
    'volvo: a form with HTTP Basic',
    volvo(CREDENTIALS),
    {
      url: 'https://volvoid.eu.volvocars.com/as/token.oauth2',
      type: FORM,
      authorization: BASIC,
      body: 'grant_type=refresh_token&refresh_token=r',
    },
  ],
  [
    'any server of RFC 6749: a form with HTTP Basic',
    oauth({ ...CREDENTIALS, url: 'https://auth.example/token' }),
    {
      url: 'https://auth.example/token',
      type: FORM,
      authorization: BASIC,
      body: 'grant_type=refresh_token&refresh_token=r',
    },
  ],
];

describe('the request of a refresh', () => {
  for (const [name, client, expected] of REQUESTS)
    it(name, () => {
      const { grantType } = client.provider;
      const refreshToken = grantType === 'client_credentials' ? undefined : 'r';
      const { url, headers, body } = writeRequest(client, 'sec ret', { brand: 'kia' }, refreshToken);
      const { authorization, 'content-type': type, Brand: brand } = headers;
      const seen = { url, type, body, authorization, brand };
      assert.deepEqual(JSON.parse(JSON.stringify(seen)), expected);
      assert.match(headers['user-agent'] ?? '', /^keyfob-keeper\//);
    });
});

describe('what is known about a used token', () => {
  const kinds: readonly (readonly [Client, string])[] = [
    [smartcar(CREDENTIALS), 'overlap 60'],
    [smartcarV3(CREDENTIALS), 'free'],
    [pleos(CREDENTIALS), 'once'],
    [tesla(CREDENTIALS), 'overlap 86400'],
    [volvo(CREDENTIALS), 'once'],
  ];
  for (const [{ provider }, expected] of kinds)
    it(`${provider.name}: ${expected}`, () => {
      const { repeats } = provider;
      assert.equal(
        repeats.kind === 'overlap' ? `${repeats.kind} ${repeats.seconds}` : repeats.kind,
        expected,
      );
    });
});

describe('a client at another origin', () => {
  it('sends everything there: tokens, codes and owners', () => {
    const { provider } = pleos({ ...CREDENTIALS, origin: 'https://sandbox.example/w/1/' });
    assert.equal(provider.url, 'https://sandbox.example/w/1/v1/auth/token-refresh');
    assert.equal(provider.consent?.url, 'https://sandbox.example/w/1/v1/auth/login');
    assert.equal(provider.consent.code.url, 'https://sandbox.example/w/1/v1/auth/token');
  });

  it('is refused where the secret, or the owner, would travel in clear', () => {
    const insecure = (more: object): void =>
      assert.throws(() => void smartcar({ ...CREDENTIALS, ...more }), { code: 'url_insecure' });
    insecure({ origin: 'http://sandbox.example' });
    insecure({ authorizeUrl: 'http://auth.example/authorize' });
    assert.ok(smartcar({ ...CREDENTIALS, origin: 'http://127.0.0.1:8788' }));
  });
});
