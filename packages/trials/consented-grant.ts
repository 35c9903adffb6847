import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DIALECTS } from 'keyfob/dialects/dialects';
import type { AuthorizationCode } from 'keyfob/grants/authorization-code';
import type { Vehicle } from 'keyfob/grants/vehicle';
import { keyFileSource } from 'keyfob/stores/key-file';
import { openSqliteStore } from 'keyfob/stores/sqlite/store';
import { sealCode } from 'keyfob/tokens/authorization-code';
import type { KeyfobServer, MadeClient } from './keyfob-process.ts';

/** Where the owners of trials are sent back to. */
export const REDIRECT_URI = 'https://app.example/callback';

/** A vehicle of an owner; the number tells it from the others, and orders it among them. */
export const sampleVehicle = (number: number, more: Partial<Vehicle> = {}): Vehicle => ({
  id: `00000000-0000-4000-8000-00000000000${number}`,
  vin: `KMHL1400${number}CA000001`,
  make: 'hyundai',
  model: 'Ioniq 5',
  year: 2024,
  nickname: `Car ${number}`,
  powertrain: 'EV',
  ...more,
});

/** An answer to a code: the first pair of a grant. */
export type FirstPair = { readonly accessToken: string; readonly refreshToken: string };

/**
 * The code that a client gets when an owner has agreed, made beside a running server, in its store and with its keys, without
 * the owner's pages.
 */
export const consentOn = async (
  { dataDirectory }: Pick<KeyfobServer, 'dataDirectory'>,
  { clientId }: Pick<MadeClient, 'clientId'>,
  more: Partial<Pick<AuthorizationCode, 'subject' | 'scope' | 'brand' | 'vehicles'>> = {},
): Promise<string> => {
  const store = openSqliteStore(join(dataDirectory, 'keyfob.db'));
  try {
    const { client } = await store.readClient(clientId);
    if (client === undefined) throw new Error(`there is no client ${clientId}`);
    await store.changeClient(clientId, { redirectUris: [REDIRECT_URI] });
    const code = {
      grantId: randomBytes(8).readBigInt64BE(),
      clientId,
      redirectUri: REDIRECT_URI,
      codeChallenge: undefined,
      issuedAt: Math.floor(Date.now() / 1000),
      subject: 'owner-1',
      scope: 'read_vehicle_info',
      brand: client.dialect === 'pleos' ? ('hyundai' as const) : undefined,
      vehicles: [sampleVehicle(1), sampleVehicle(2)],
      ...more,
    };
    const created = await store.createCode(code);
    if (created !== 'created') throw new Error(`the code could not be made: ${created}`);
    const { newest } = keyFileSource(join(dataDirectory, 'keyfob.key')).read();
    return sealCode(newest, DIALECTS[client.dialect].shapes.code, code);
  } finally {
    await store.close();
  }
};

/** Exchanges a code over the wire, as the page of its dialect shows it. */
export const exchangeCode = {
  async smartcar(url: string, { clientId, clientSecret }: MadeClient, code: string): Promise<FirstPair> {
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const response = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}`, 'User-Agent': 'trials/1' },
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI }),
    });
    const answer = (await response.json()) as Record<string, string>;
    return { accessToken: answer['access_token'] ?? '', refreshToken: answer['refresh_token'] ?? '' };
  },
  async pleos(url: string, client: MadeClient, code: string, brand = 'hyundai'): Promise<FirstPair> {
    const response = await fetch(`${url}/v1/auth/token`, {
      method: 'POST',
      headers: { Brand: brand, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        code,
        redirectUrl: REDIRECT_URI,
      }),
    });
    const { data } = (await response.json()) as { data?: FirstPair };
    return { accessToken: data?.accessToken ?? '', refreshToken: data?.refreshToken ?? '' };
  },
} as const;
