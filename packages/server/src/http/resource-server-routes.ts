import { SHARED } from './authenticate-form.ts';
import { createIntrospection } from './introspection.ts';
import { createJwks, createMetadata, PATHS } from './metadata.ts';
import { renderOAuthRefusal } from '../dialects/oauth/answers.ts';
import { createRevocation } from './revocation.ts';
import type { RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/** What resource servers and client libraries need, as the RFCs have it and for clients of every dialect. */
export const createResourceServerRoutes = (context: EndpointContext): RouteGroup => ({
  name: SHARED,
  routes: {
    [`POST ${PATHS.introspection}`]: createIntrospection(context),
    [`POST ${PATHS.revocation}`]: createRevocation(context),
    [`GET ${PATHS.metadata}`]: createMetadata(context),
    [`GET ${PATHS.metadata}${pathOf(context.issuer)}`]: createMetadata(context),
    [`GET ${PATHS.jwks}`]: createJwks(context),
  },
  renderRefusal: renderOAuthRefusal,
});

/** RFC 8414 §3.1: of an issuer with a path the document stands before it. Empty as long as the issuer is not known, which has none. */
const pathOf = (issuer: string): string =>
  URL.canParse(issuer) ? new URL(issuer).pathname.replace(/\/$/, '') : '';
