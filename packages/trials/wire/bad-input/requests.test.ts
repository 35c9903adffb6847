import { tryBadInput } from './trial.ts';
import type { Cases } from './trial.ts';
import type { RequestParts } from '../../support/raw-request.ts';
import { BRAND } from '../../support/served-grant.ts';

const target = (path: string): RequestParts => ({ target: path });
const header = (name: string, value: string | readonly string[] | undefined): RequestParts => ({
  headers: { [name]: value },
});
const methods: Cases = Object.fromEntries(
  ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'TRACE'].map((method) => [
    method,
    () => ({ method }),
  ]),
);
const idempotencyKeys: Cases = {
  'of 256 characters': () => header('Idempotency-Key', 'k'.repeat(256)),
  'with a space': () => header('Idempotency-Key', 'one two'),
  'with a tab': () => header('Idempotency-Key', 'one\ttwo'),
  'with a character outside ASCII': () => header('Idempotency-Key', 'cl\u00e9'),
  empty: () => header('Idempotency-Key', ''),
  'sent twice': () => header('Idempotency-Key', ['one', 'two']),
};

tryBadInput(
  'A bad path, method or header at POST /oauth/token',
  'smartcar',
  ({ refuses, accepts, served }) => {
    const form = (): string => `grant_type=refresh_token&refresh_token=${served().refreshToken}`;

    refuses('404 invalid_request', 'an unknown path', {
      'with an extra letter': () => target('/oauth/tokens'),
      'with two trailing slashes': () => target('/oauth/token//'),
      'with two leading slashes': () => target('//oauth/token'),
      'in capital letters': () => target('/OAUTH/TOKEN'),
      'with dots': () => target('/oauth/x/../token'),
      'with an encoded trailing NUL': () => target('/oauth/token%00'),
      'of 8000 characters': () => target(`/${'a'.repeat(8000)}`),
      'a property name of every object': () => target('/__proto__'),
      'the root': () => target('/'),
    });
    refuses('405 invalid_request', 'a wrong method', methods);
    refuses('400 invalid_request', 'an unknown HTTP method', {
      'in lower case': () => ({ method: 'post' }),
      invented: () => ({ method: 'BREW' }),
    });
    refuses('400 invalid_request', 'User-Agent', {
      missing: () => header('User-Agent', undefined),
      empty: () => header('User-Agent', ''),
      blank: () => header('User-Agent', ' \t '),
    });
    refuses('400 invalid_request', 'Idempotency-Key', idempotencyKeys);
    refuses('400 invalid_request', 'parameters in the query', {
      'all of them, and no body': () => ({ target: `/oauth/token?${form()}`, body: '' }),
      'the token': ({ refreshToken }) => ({
        target: `/oauth/token?refresh_token=${refreshToken}`,
        body: 'grant_type=refresh_token',
      }),
    });
    accepts('An unusual request that is valid', {
      'a slash at the end of the path': () => target('/oauth/token/'),
      'a query on the endpoint': () => target('/oauth/token?refresh_token=x&refresh_token=y'),
      'an empty query on the endpoint': () => target('/oauth/token?'),
      'an absolute-form target (RFC 9112, section 3.2.2)': () => target('http://keyfob.example/oauth/token'),
      'an Idempotency-Key of 255 characters': () => header('Idempotency-Key', 'k'.repeat(255)),
      'User-Agent sent twice': () => header('User-Agent', ['one/1', 'two/2']),
      'a User-Agent of 8000 characters': () => header('User-Agent', 'a'.repeat(8000)),
      'an offer to upgrade': () => ({ headers: { Connection: 'close, upgrade', Upgrade: 'websocket' } }),
    });
  },
);

tryBadInput(
  'A bad path, method or header at POST /v1/auth/token-refresh',
  'pleos',
  ({ refuses, accepts, served }) => {
    refuses('400 4002 Brand', 'the Brand', {
      missing: () => header('Brand', undefined),
      empty: () => header('Brand', ''),
      'of an unknown brand': () => header('Brand', 'toyota'),
      'a property name of every object': () => header('Brand', '__proto__'),
      'all of them': () => header('Brand', 'hyundai/kia/genesis'),
      'sent twice': () => header('Brand', [BRAND, BRAND]),
      'in the query instead of the header': () => ({
        ...target(`/v1/auth/token-refresh?brand=${BRAND}`),
        ...header('Brand', undefined),
      }),
      'in the body instead of the header': ({ parts }) => ({
        ...header('Brand', undefined),
        body: String(parts().body).replace('{', `{"Brand":"${BRAND}",`),
      }),
    });
    refuses('400 4002 refreshToken', 'a Brand that differs from the grant', {
      kia: () => header('Brand', 'kia'),
      genesis: () => header('Brand', 'genesis'),
    });
    refuses('400 404', 'an unknown path', {
      'with an extra letter': () => target('/v1/auth/token-refreshed'),
      'with two trailing slashes': () => target('/v1/auth/token-refresh//'),
      'in capital letters': () => target('/v1/AUTH/TOKEN-REFRESH'),
      'a property name of every object': () => target('/v1/__proto__'),
      'the root of the version': () => target('/v1/'),
    });
    refuses('400 404', 'a wrong method', methods);
    refuses('400 4002 Idempotency-Key', 'Idempotency-Key', idempotencyKeys);
    accepts('An unusual request that is valid', {
      'a slash at the end of the path': () => target('/v1/auth/token-refresh/'),
      'a Brand in other letter case': () => header('Brand', 'HyunDai'),
      'no User-Agent': () => header('User-Agent', undefined),
      'a query on the endpoint': () => target('/v1/auth/token-refresh?refreshToken=x'),
      'an absolute-form target (RFC 9112, section 3.2.2)': () =>
        target(`http://keyfob.example${served().parts().target}`),
      'an Idempotency-Key of 255 characters': () => header('Idempotency-Key', 'k'.repeat(255)),
    });
  },
);
