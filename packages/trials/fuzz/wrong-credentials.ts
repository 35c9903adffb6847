import fc from 'fast-check';
import { fuzzRequest, keptRequest } from './request.ts';
import type { FuzzRequest, Identities } from './request.ts';
import { nearMiss, nearMissToken } from './values.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The refusal for a token that is not the client's current one. */
const tokenRefusal: Readonly<Record<DialectName, (token: string) => string>> = {
  smartcar: (token) => (UUID.test(token) ? '400 invalid_grant' : '400 invalid_request'),
  pleos: () => '400 4002 refreshToken',
};

/** The refusal for unknown or wrong credentials. */
const clientRefusal: Readonly<Record<DialectName, (client: MadeClient) => string>> = {
  smartcar: () => '401 invalid_client',
  pleos({ clientId, clientSecret }) {
    const missing = [clientId === '' ? ['clientId'] : [], clientSecret === '' ? ['clientSecret'] : []].flat();
    return missing.length > 0 ? `400 4002 ${missing.join(' ')}` : '400 401';
  },
};

/** Valid requests in which only the client, the secret or the token is wrong: almost correct, or from another client. */
export const requestWithWrongCredentials = (
  identities: Identities,
  dialect: DialectName,
): fc.Arbitrary<FuzzRequest> => {
  const { own, stranger } = identities[dialect];
  const otherDialect = identities[dialect === 'smartcar' ? 'pleos' : 'smartcar'].own;
  const withToken = (what: string, token: string): FuzzRequest =>
    fuzzRequest(what, keptRequest(dialect, own, token), { dialect, expects: tokenRefusal[dialect](token) });
  const withClient = (what: string, client: MadeClient): FuzzRequest =>
    fuzzRequest(what, keptRequest(dialect, client, own.refreshToken), {
      dialect,
      expects: clientRefusal[dialect](client),
    });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: nearMissToken(dialect, own.refreshToken).map((token) =>
        withToken('an almost correct token', token),
      ),
    },
    {
      weight: 3,
      arbitrary: nearMiss(own.clientSecret).map((clientSecret) =>
        withClient('an almost correct secret', { ...own, clientSecret }),
      ),
    },
    {
      weight: 2,
      arbitrary: nearMiss(own.clientId).map((clientId) =>
        withClient('an almost correct client id', { ...own, clientId }),
      ),
    },
    fc.constantFrom(
      withToken("another client's token", stranger.refreshToken),
      withToken("the other dialect's token", otherDialect.refreshToken),
      withToken('the access token', own.accessToken),
      withClient("another client's secret", { ...own, clientSecret: stranger.clientSecret }),
      withClient("the other dialect's client", otherDialect),
      fuzzRequest("another client with this one's token", keptRequest(dialect, stranger, own.refreshToken), {
        dialect,
        expects: tokenRefusal[dialect](own.refreshToken),
      }),
    ),
  );
};
