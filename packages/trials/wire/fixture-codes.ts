import assert from 'node:assert/strict';
import { PLEOS_BRANDS } from '@keyfob/server/dialects/pleos/brand';
import { REDIRECT_URI } from '../code-maker.ts';
import type { CodeMaker } from '../code-maker.ts';
import type { KeyfobServer, MadeClient } from '../keyfob-process.ts';
import { sendRaw, writeRequest } from './raw-request.ts';
import type { RawResponse } from './raw-request.ts';
import { goodRequest, readTokens } from './served-grant.ts';
import type { DialectName } from './served-grant.ts';

/** RFC 7636, Appendix B: the verifier of every challenge that a case gives. */
const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
/** The `Idempotency-Key` of the first use of what is used. */
const FIRST_KEY = 'first-use';

type Given = string | number | boolean | undefined;

/** What the codes of one case are made of. */
type Around = {
  readonly codes: CodeMaker;
  readonly client: MadeClient;
  readonly agreed: Readonly<Record<'brand' | 'codeChallenge' | 'codeRedirectUri' | 'codeAgeSeconds', Given>>;
  readonly values: Map<string, string>;
  clientFor(role: string): Promise<MadeClient>;
};

/** By placeholder: what makes it. */
export const codeMakers = (
  server: KeyfobServer,
  dialect: DialectName,
  { codes, client, agreed, values, clientFor }: Around,
): Readonly<Record<string, () => Promise<void>>> => {
  const redirectUri = String(agreed.codeRedirectUri ?? REDIRECT_URI);
  const codeChallenge = agreed.codeChallenge === undefined ? undefined : String(agreed.codeChallenge);
  const makeCode = (owner: MadeClient): Promise<string> =>
    codes.makeCode(dialect, {
      clientId: owner.clientId,
      redirectUri,
      codeChallenge,
      ageSeconds: Number(agreed.codeAgeSeconds ?? 0),
      brand: dialect === 'pleos' ? PLEOS_BRANDS.find((brand) => brand === agreed.brand) : undefined,
    });
  const exchange = async (code: string, key?: string): Promise<RawResponse | undefined> => {
    const { clientId, clientSecret } = client;
    const good = goodRequest(dialect, client, '');
    const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
    if (codeChallenge !== undefined) form.set('code_verifier', CODE_VERIFIER);
    if (clientSecret === '') form.set('client_id', clientId);
    const isPleos = dialect === 'pleos';
    const body = isPleos
      ? JSON.stringify({ clientId, clientSecret, code, redirectUrl: redirectUri })
      : form.toString();
    const target = isPleos ? '/v1/auth/token' : '/oauth/token';
    const authorization = clientSecret === '' ? { Authorization: undefined } : {};
    const headers = { ...good.headers, ...authorization, 'Idempotency-Key': key };
    const [response] = await sendRaw(server.url, writeRequest({ ...good, target, headers, body }));
    return response;
  };
  /** A code after its first use, and the refresh token that this gave. */
  const useCode = async () => {
    const code = await makeCode(client);
    const first = await exchange(code, FIRST_KEY);
    assert.equal(first?.status, 200, 'the first use');
    return { code, refreshToken: readTokens(first).refreshToken };
  };
  return {
    async code() {
      values.set('code', await makeCode(client));
    },
    async otherClientsCode() {
      values.set('otherClientsCode', await makeCode(await clientFor('other')));
    },
    async usedCode() {
      const { code, refreshToken } = await useCode();
      values.set('usedCode', code).set('refreshTokenOfUsedCode', refreshToken);
    },
    async replayedCode() {
      const { code, refreshToken } = await useCode();
      assert.equal((await exchange(code))?.status, 400, 'the second use');
      values.set('replayedCode', code).set('refreshTokenOfReplayedCode', refreshToken);
    },
  };
};
