import type { TokenEndpoint } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import { oauthHeaders, renderOAuthRefusal, writeTokens } from '../dialects/oauth/answers.ts';
import { sharedTokenEndpoints } from '../dialects/oauth/shared-token-endpoint.ts';
import type { GrantTypeContext } from '../grant-types/grant-type.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';
import { uuidShape } from '../tokens/shape.ts';
import type { Route, RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { createTokenRoute } from './token-endpoint.ts';
import type { TokenDialect } from './token-endpoint.ts';

/** Every token endpoint. Each dialect also refuses the unknown paths below its prefix. */
export const createTokenRoutes = (context: EndpointContext): readonly RouteGroup[] => {
  const grantTypeContext = createGrantTypeContext(context);
  const routesOf = (
    dialect: TokenDialect,
    endpoints: Readonly<Record<string, TokenEndpoint>>,
  ): Readonly<Record<string, Route>> =>
    Object.fromEntries(
      Object.entries(endpoints).map(([path, endpoint]) => [
        `POST ${path}`,
        createTokenRoute(context, grantTypeContext, dialect, endpoint),
      ]),
    );
  const ofDialects = Object.values(DIALECTS).map((dialect): RouteGroup => ({
    name: dialect.name,
    pathPrefix: dialect.pathPrefix,
    routes: routesOf(dialect, dialect.tokenEndpoints),
    renderRefusal: (refusal, { client, exchange }) =>
      dialect.renderRefusal(refusal, client?.policy, exchange),
  }));
  const shared: RouteGroup = {
    name: SHARED.name,
    routes: routesOf(SHARED, sharedTokenEndpoints),
    renderRefusal: renderOAuthRefusal,
  };
  return [...ofDialects, shared];
};

const SHARED: TokenDialect = {
  name: 'oauth',
  shapes: { refreshToken: uuidShape, accessToken: uuidShape, code: uuidShape },
  renderAnswer: (response, policy, exchange) => ({
    status: 200,
    headers: oauthHeaders(exchange),
    body: writeTokens(response, policy),
  }),
};

const createGrantTypeContext = (context: EndpointContext): GrantTypeContext => ({
  store: context.store,
  // The key ring may be read again at any time, and a server that listens learns its issuer late.
  get keyRing() {
    return context.keyRing;
  },
  get issuer() {
    return context.issuer;
  },
  noticeKey: context.noticeKey,
  nextSerial: context.nextSerial,
  undecidedRefreshes: createUndecidedUses(),
  undecidedCodes: createUndecidedUses(),
  clock: context.clock,
  emit: context.emit,
});
