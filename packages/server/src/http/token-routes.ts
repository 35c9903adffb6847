import type { TokenEndpoint } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';
import type { GrantTypeContext } from '../grant-types/grant-type.ts';
import type { Route, RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { createTokenRoute } from './token-endpoint.ts';
import type { TokenDialect } from './token-endpoint.ts';

/** The token endpoints of every dialect. Each dialect also refuses the unknown paths below its prefix. */
export const createTokenRoutes = (context: EndpointContext): readonly RouteGroup[] => {
  const grantTypeContext = createGrantTypeContext(context);
  return Object.values(DIALECTS).map((dialect) => ({
    name: dialect.name,
    pathPrefix: dialect.pathPrefix,
    routes: tokenRoutesOf(context, grantTypeContext, dialect, dialect.tokenEndpoints),
    renderRefusal: (refusal, { client, exchange }) =>
      dialect.renderRefusal(refusal, client?.policy, exchange),
  }));
};
