import { CLIENT_TYPES } from '../../clients/client.ts';
import { joinReadScopes, splitScope } from '../../clients/scopes.ts';
import { MEDIA_TYPES } from '../../wire/client-form.ts';
import type { Dialect, TokenRequest } from '../dialect.ts';
import type { RefusalTable } from '../refusal-table.ts';
import { writeTokens } from './answers.ts';
import { createAuthorization } from './create-authorization.ts';
import { describeWire } from './describe-wire.ts';
import { createExamples } from './examples.ts';
import { invalidRequest, oauthRefusals } from './refusals.ts';
import type { OAuthAnswer } from './refusals.ts';
import { readOAuthTokens, tokenVariables, writeOAuthError } from './sandbox.ts';
import { createRefusalRenderer, headersOf } from './wire-refusals.ts';
import { oauthScopes } from './scopes.ts';
import { oauthShapes } from './shapes.ts';
import { createTokenEndpoint } from './token-requests.ts';
import type { WireDifferences } from './wire-differences.ts';

const GRANT_TYPES = ['authorization_code', 'refresh_token'];

/** A wire that is RFC 6749 with differences. */
export const defineWire = (differences: WireDifferences): Dialect => {
  const wire = withBodyTexts(differences);
  const { name, title, paths, scopes = oauthScopes, protocolScopes = [], members } = wire;
  const grantTypes = new Set([...GRANT_TYPES, ...(wire.moreGrantTypes ?? [])]);
  const everyHeader = headersOf(wire);
  const endpoint = createTokenEndpoint({
    methods: wire.methods ?? ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    ...(wire.bodies === undefined ? {} : { bodies: wire.bodies }),
    serves: (grantType) => grantTypes.has(grantType),
    omittable: ['redirect_uri'],
    ...(wire.ending === undefined
      ? {}
      : {
          ending: {
            ...wire.ending,
            renderEnded: (exchange) => ({ status: 200, headers: everyHeader(exchange), body: '{}' }),
          },
        }),
    ...(wire.bindsTokens === undefined ? {} : { bindsTokens: wire.bindsTokens }),
    ...(wire.omitsKeptRefreshToken === undefined ? {} : { omitsKeptRefreshToken: true }),
  });
  const { renderRefusal, renderChoices } = createRefusalRenderer(wire);
  const refusals: RefusalTable<OAuthAnswer> = { ...oauthRefusals, ...wire.refusals };
  return {
    name,
    title,
    clientTypes: wire.clientTypes ?? CLIENT_TYPES,
    brands: [],
    scopes,
    protocolScopes,
    ...(paths.deviceAuthorization === undefined
      ? {}
      : { deviceAuthorizationPath: paths.deviceAuthorization }),
    ...(wire.options === undefined ? {} : { options: wire.options }),
    examples: createExamples({
      ...paths,
      credentials: wire.exampleCredentials ?? 'header',
      body: wire.bodies?.[0] ?? 'form',
      scopes,
    }),
    sandbox: {
      ...wire.sandbox,
      environments: { [name]: tokenVariables(name, paths.token) },
      readTokens: readOAuthTokens,
      renderError: writeOAuthError(everyHeader, wire.errorForm),
    },
    authorization: createAuthorization(wire),
    describe: describeWire(wire, { refusals, renderChoices }),
    pathPrefix: wire.pathPrefix,
    tokenEndpoints: {
      [paths.token]: {
        ...endpoint,
        parse: (request) =>
          withSecretOption(withoutScopes(endpoint.parse(request), protocolScopes), wire.refreshSecretOption),
      },
    },
    shapes: oauthShapes,
    defaultPolicy: {
      overlapSeconds: 0,
      raceSeconds: 10,
      onReplay: 'revoke',
      onReplayAccessTokens: 'end',
      grantLifetimeSeconds: null,
      resyncGenerations: 1024,
      requireUserAgent: false,
      includeRefreshExpiry: false,
      clientAuthentication: 'both',
      accessTokenFormat: 'opaque',
      grantScope: joinReadScopes(scopes),
      simulatedOwners: false,
      requirePkce: false,
      clientCredentials: false,
      ...wire.policy,
    },
    renderAnswer: (answer, policy, exchange) => {
      const tokens = writeTokens(answer, policy);
      const more = members === undefined ? '' : JSON.stringify(members.write(answer, policy, exchange));
      return {
        status: 200,
        headers: everyHeader(exchange),
        body: more === '' || more === '{}' ? tokens : `${tokens.slice(0, -1)},${more.slice(1)}`,
      };
    },
    renderRefusal,
  };
};

/** The texts about bodies, where they may be JSON; those of the vendor come first. */
const withBodyTexts = (wire: WireDifferences): WireDifferences => {
  const { bodies = ['form'], refusals } = wire;
  if (!bodies.includes('json')) return wire;
  const names = bodies.map((format) => MEDIA_TYPES[format]).join(' or ');
  const texts = {
    content_type_wrong: invalidRequest(`Content-Type must be ${names}.`),
    body_malformed: invalidRequest('The request body is not well-formed, or has a member that is no text.'),
  };
  return { ...wire, refusals: { ...texts, ...refusals } };
};

/** Libraries repeat the scope of the authorization request when they refresh. */
const withoutScopes = (request: TokenRequest, ignored: readonly string[]): TokenRequest => {
  const scope = request.parameters.get('scope');
  if (scope === undefined || ignored.length === 0) return request;
  const parameters = new Map(request.parameters);
  const left = splitScope(scope).filter((name) => !ignored.includes(name));
  if (left.length === 0) parameters.delete('scope');
  else parameters.set('scope', left.join(' '));
  return { ...request, parameters };
};

/** A refresh with a client id alone is judged by the option of its client. */
const withSecretOption = (request: TokenRequest, secretOption: string | undefined): TokenRequest => {
  if (secretOption === undefined || request.grantType !== 'refresh_token') return request;
  const credentials = request.credentials.map((sent) =>
    sent.method === 'none' ? { ...sent, secretOption } : sent,
  );
  return { ...request, credentials };
};
