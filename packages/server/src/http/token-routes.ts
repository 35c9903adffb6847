import { DIALECTS } from '../dialects/dialects.ts';
import type { RefreshContext } from '../grant-types/refresh-token.ts';
import { createUndecidedUses } from '../grants/undecided-uses.ts';
import type { RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { createTokenRoute } from './token-endpoint.ts';

/** The token endpoints of every dialect. Each dialect also refuses the unknown paths below its prefix. */
export const createTokenRoutes = (context: EndpointContext): readonly RouteGroup[] => {
  const refreshContext = createRefreshContext(context);
  return Object.values(DIALECTS).map((dialect) => ({
    name: dialect.name,
    pathPrefix: dialect.pathPrefix,
    routes: Object.fromEntries(
      Object.entries(dialect.tokenEndpoints).map(([path, parse]) => [
        `POST ${path}`,
        createTokenRoute(context, refreshContext, dialect, parse),
      ]),
    ),
    renderRefusal: (refusal, { client, exchange }) =>
      dialect.renderRefusal(refusal, client?.policy, exchange),
  }));
};

const createRefreshContext = (context: EndpointContext): RefreshContext => ({
  store: context.store,
  // The ring may be read again at any time.
  get keyRing() {
    return context.keyRing;
  },
  noticeKey: context.noticeKey,
  nextSerial: context.nextSerial,
  get issuer() {
    return context.issuer;
  },
  undecided: createUndecidedUses(),
  undecidedCodes: createUndecidedUses(),
  clock: context.clock,
  emit: context.emit,
});
