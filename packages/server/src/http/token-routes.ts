import type { Dialect } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import type { GrantTypeContext } from '../grant-types/grant-type.ts';
import { createTokenBatches } from '../grant-types/token-batches.ts';
import { undecidedUsesOf } from '../grants/undecided-uses.ts';
import type { RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { createTokenRoute } from './token-endpoint.ts';

/** Every token endpoint. Each dialect also refuses the unknown paths below its prefix. */
export const createTokenRoutes = (context: EndpointContext): readonly RouteGroup[] => {
  const grantTypeContext = createGrantTypeContext(context);
  return Object.values(DIALECTS).map((dialect: Dialect) => ({
    name: dialect.name,
    pathPrefix: dialect.pathPrefix,
    routes: Object.fromEntries(
      Object.entries(dialect.tokenEndpoints).map(([path, endpoint]) => [
        `POST ${path}`,
        createTokenRoute(context, grantTypeContext, dialect, endpoint),
      ]),
    ),
    crossOriginRoutes: Object.entries(dialect.tokenEndpoints).flatMap(([path, { methods }]) =>
      methods.includes('none') ? `POST ${path}` : [],
    ),
    renderRefusal: (refusal, { client, exchange }) =>
      dialect.renderRefusal(refusal, client?.policy, exchange),
  }));
};

const createGrantTypeContext = (context: EndpointContext): GrantTypeContext => ({
  batches: createTokenBatches(context),
  store: context.store,
  // The key ring may be read again at any time, and a server that listens learns its issuer late.
  get keyRing() {
    return context.keyRing;
  },
  get issuer() {
    return context.issuer;
  },
  noticeKeys: context.noticeKeys,
  nextSerial: context.nextSerial,
  undecidedRefreshes: undecidedUsesOf(context.store),
  undecidedCodes: undecidedUsesOf(context.store),
  clock: context.clock,
  doubt: context.doubt,
  emit: context.emit,
});
