import fc from 'fast-check';
import { fuzzRequest, keptRequest } from './request.ts';
import type { Cast, FuzzRequest } from './request.ts';
import { nearMiss } from './values.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What a token that is not the client's own current one must get. */
const tokenRefusal: Readonly<Record<DialectName, (token: string) => string>> = {
  smartcar: (token) => (UUID.test(token) ? '400 invalid_grant' : '400 invalid_request'),
  pleos: () => '400 4002 refreshToken',
};

/** What unknown or wrong credentials must get. */
const clientRefusal: Readonly<Record<DialectName, (client: MadeClient) => string>> = {
  smartcar: () => '401 invalid_client',
  pleos({ clientId, clientSecret }) {
    const missing = [clientId === '' ? ['clientId'] : [], clientSecret === '' ? ['clientSecret'] : []].flat();
    return missing.length > 0 ? `400 4002 ${missing.join(' ')}` : '400 401';
  },
};

/** Good requests in which exactly one of client, secret and token is wrong: nearly right, or of another client. */
export const requestWithWrongCredentials = (cast: Cast, dialect: DialectName): fc.Arbitrary<FuzzRequest> => {
  const { own, stranger } = cast[dialect];
  const outsider = cast[dialect === 'smartcar' ? 'pleos' : 'smartcar'].own;
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
      arbitrary: nearMiss(own.refreshToken).map((token) => withToken('a token nearly right', token)),
    },
    {
      weight: 3,
      arbitrary: nearMiss(own.clientSecret).map((clientSecret) =>
        withClient('a secret nearly right', { ...own, clientSecret }),
      ),
    },
    {
      weight: 2,
      arbitrary: nearMiss(own.clientId).map((clientId) =>
        withClient('a client nearly right', { ...own, clientId }),
      ),
    },
    fc.constantFrom(
      withToken("another client's token", stranger.refreshToken),
      withToken("the other dialect's token", outsider.refreshToken),
      withToken('the access token', own.accessToken),
      withClient("another client's secret", { ...own, clientSecret: stranger.clientSecret }),
      withClient("the other dialect's client", outsider),
      fuzzRequest("another client with this one's token", keptRequest(dialect, stranger, own.refreshToken), {
        dialect,
        expects: tokenRefusal[dialect](own.refreshToken),
      }),
    ),
  );
};
