import { REDIRECT_URI, openCodeMaker } from './code-maker.ts';
import type { Agreed, CodeMaker } from './code-maker.ts';
import { sampleVehicle } from './samples.ts';
import type { KeyfobServer, MadeClient } from './keyfob-process.ts';

/** The vehicles of a consent by default. */
export const VEHICLES = [
  sampleVehicle(1, { nickname: 'Blue one' }),
  sampleVehicle(2, { nickname: 'Red one' }),
] as const;

/** The first tokens of a grant. */
export type FirstPair = { readonly accessToken: string; readonly refreshToken: string };

type DialectName = keyof typeof exchangeCode;

/**
 * Creates the code that a client gets after an owner's consent, while a server runs, without the owner's pages. Also
 * registers `REDIRECT_URI` for the client.
 */
export const consentOn = async (
  { dataDirectory }: Pick<KeyfobServer, 'dataDirectory'>,
  dialect: DialectName,
  { clientId }: Pick<MadeClient, 'clientId'>,
  agreed: Omit<Agreed, 'clientId'> = {},
): Promise<string> => {
  const codes = openCodeMaker(dataDirectory);
  try {
    return await consentBy(codes, dialect, { clientId }, agreed);
  } finally {
    await codes.close();
  }
};

/** Like `consentOn`, with a store that is already open. */
export const consentBy = async (
  codes: CodeMaker,
  dialect: DialectName,
  { clientId }: Pick<MadeClient, 'clientId'>,
  agreed: Omit<Agreed, 'clientId'> = {},
): Promise<string> => {
  await codes.registerRedirect(clientId);
  const brand = dialect === 'pleos' ? 'hyundai' : undefined;
  const defaults = { clientId, scope: 'read_vehicle_info', vehicles: VEHICLES, brand } as const;
  return codes.makeCode(dialect, { ...defaults, ...agreed });
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
  async pleos(url: string, { clientId, clientSecret }: MadeClient, code: string): Promise<FirstPair> {
    const response = await fetch(`${url}/v1/auth/token`, {
      method: 'POST',
      headers: { Brand: 'hyundai', 'Content-Type': 'application/json' },
      body: JSON.stringify({ clientId, clientSecret, code, redirectUrl: REDIRECT_URI }),
    });
    const { data } = (await response.json()) as { data?: FirstPair };
    return { accessToken: data?.accessToken ?? '', refreshToken: data?.refreshToken ?? '' };
  },
} as const;
