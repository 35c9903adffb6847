import assert from 'node:assert/strict';
import type { KeyfobServer, MadeClient, MadeGrant } from '../keyfob-process.ts';
import type { FixtureCase, Values } from './fixture-case.ts';
import { placeholdersOf } from './fixture-case.ts';
import { codeMakers } from './fixture-codes.ts';
import type { CodeMaker } from '../code-maker.ts';
import { VEHICLE_VALUES, vehicleMakers } from './fixture-vehicles.ts';
import { sendRaw, writeRequest } from './raw-request.ts';
import { BRAND, goodRequest, readTokens } from './served-grant.ts';
import type { DialectName } from './served-grant.ts';

/** What a maker makes besides what it is named after. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  disabledClientId: ['disabledBasic'],
  usedCode: ['refreshTokenOfUsedCode'],
  replayedCode: ['refreshTokenOfReplayedCode'],
};

/** What a case needs to be there, made for it on the server, and what its placeholders then stand for. */
export type FixtureValues = (fixture: FixtureCase) => Promise<Values>;

const base64 = (pair: string): string => Buffer.from(pair).toString('base64');
const formEncode = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');
const toFlag = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const UNKNOWN_CLIENT = '00000000-0000-4000-8000-000000000000';

/** Makes clients and grants of one dialect, only those that a case names. */
export const prepareFixtures = (
  server: KeyfobServer,
  dialect: DialectName,
  codes: CodeMaker,
): FixtureValues => {
  const clients = new Map<string, Promise<MadeClient>>();
  const makeClient = async (role: string, policy: FixtureCase['given'] = {}): Promise<MadeClient> => {
    if (role === 'public') return { clientId: await codes.makePublicClient(policy), clientSecret: '' };
    const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect);
    const flags = Object.entries(policy).flatMap(([name, value]) => [toFlag(name), String(value)]);
    if (flags.length > 0) await server.command('client', 'set', client.clientId, ...flags);
    return client;
  };
  /** One client serves every case that asks for the same. */
  const clientFor = (role: string, policy: FixtureCase['given'] = {}): Promise<MadeClient> => {
    const key = `${role} ${JSON.stringify(policy)}`;
    const client = clients.get(key) ?? makeClient(role, policy);
    clients.set(key, client);
    return client;
  };
  const makeGrant = ({ clientId }: MadeClient, brand: string): Promise<MadeGrant> => {
    const words = dialect === 'pleos' ? ['--brand', brand] : [];
    return server.command<MadeGrant>('grant', 'create', '--client', clientId, '--subject', 'o', ...words);
  };

  /** Grants whose first token no case has used up yet: refusals leave it good for the next one. */
  const unused = new Map<string, MadeGrant>();
  const unusedGrant = async (client: MadeClient, brand: string, isUsedUp: boolean): Promise<MadeGrant> => {
    const key = `${client.clientId} ${brand}`;
    const grant = unused.get(key) ?? (await makeGrant(client, brand));
    if (isUsedUp) unused.delete(key);
    else unused.set(key, grant);
    return grant;
  };

  return async (fixture) => {
    const { brand = BRAND, clientType = 'own', ...given } = fixture.given ?? {};
    const { codeChallenge, codeRedirectUri, codeAgeSeconds, ...policy } = given;
    const client = await clientFor(String(clientType), policy);
    const { clientId, clientSecret } = client;
    const values = new Map([
      ['clientId', clientId],
      ['clientSecret', clientSecret],
      ['basic', base64(`${clientId}:${clientSecret}`)],
      ['formEncodedBasic', base64(`${formEncode(clientId)}:${formEncode(clientSecret)}`)],
      ['wrongSecretBasic', base64(`${clientId}:wrong`)],
      ['unknownClientBasic', base64(`${UNKNOWN_CLIENT}:${clientSecret}`)],
      ['serverUrl', server.url],
      ...VEHICLE_VALUES,
    ]);
    const agreed = { brand, codeChallenge, codeRedirectUri, codeAgeSeconds };
    const makers: Readonly<Record<string, () => Promise<void>>> = {
      ...codeMakers(server, dialect, { codes, client, agreed, values, clientFor }),
      ...vehicleMakers(server, dialect, { codes, client, values }),
      async refreshToken() {
        const isUsedUp = fixture.response.status < 400 || fixture.response.status >= 500;
        values.set('refreshToken', (await unusedGrant(client, String(brand), isUsedUp)).refreshToken);
      },
      async accessToken() {
        values.set('accessToken', (await unusedGrant(client, String(brand), false)).accessToken);
      },
      async usedRefreshToken() {
        const { refreshToken } = await makeGrant(client, String(brand));
        const [first] = await sendRaw(server.url, writeRequest(goodRequest(dialect, client, refreshToken)));
        assert.equal(first?.status, 200, 'the first use');
        values.set('usedRefreshToken', refreshToken).set('successorOfUsed', readTokens(first).refreshToken);
      },
      async revokedRefreshToken() {
        const { grantId, refreshToken } = await makeGrant(client, String(brand));
        await server.command('grant', 'revoke', grantId);
        values.set('revokedRefreshToken', refreshToken);
      },
      async otherClientsRefreshToken() {
        const { refreshToken } = await makeGrant(await clientFor('other'), String(brand));
        values.set('otherClientsRefreshToken', refreshToken);
      },
      async disabledClientId() {
        const disabled = await clientFor('disabled');
        await server.command('client', 'disable', disabled.clientId);
        values.set('disabledClientId', disabled.clientId);
        values.set('disabledClientSecret', disabled.clientSecret);
        values.set('disabledBasic', base64(`${disabled.clientId}:${disabled.clientSecret}`));
      },
    };
    const named = placeholdersOf(fixture);
    for (const [name, make] of Object.entries(makers)) {
      const isNamed = (ALSO[name] ?? []).some((other) => named.has(other));
      if (isNamed || named.has(name)) await make();
    }
    return values;
  };
};
