import type { RequestRules } from '../dialects/check-authorization-request.ts';
import { createPushedAuthorization } from './pushed-authorization.ts';
import { SHARED_DIALECT } from './authenticate-form.ts';
import { createDeviceAuthorization } from './device-authorization.ts';
import { createIntrospection } from './introspection.ts';
import {
  createJwks,
  createMetadata,
  createOpenIdRefusal,
  createResourceMetadata,
  DEVICE_PATHS,
  PATHS,
} from './metadata.ts';
import type { MetadataRules } from './metadata.ts';
import { renderOAuthRefusal } from '../dialects/oauth/answers.ts';
import { createOpenApiRoute } from './openapi/route.ts';
import { createRevocation } from './revocation.ts';
import type { RouteGroup } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/** The endpoints for resource servers and client libraries, as RFCs define them, for clients of every dialect. */
export const createResourceServerRoutes = (
  context: EndpointContext,
  rules: Omit<RequestRules, 'publicUrl' | 'clock'> & MetadataRules,
): RouteGroup => {
  const documents = {
    [`GET ${PATHS.metadata}`]: createMetadata(context, rules),
    [`GET ${PATHS.metadata}${pathOf(context.issuer)}`]: createMetadata(context, rules),
    [`GET ${PATHS.protectedResource}`]: createResourceMetadata(context),
    [`GET ${PATHS.protectedResource}${pathOf(context.issuer)}`]: createResourceMetadata(context),
    [`GET ${PATHS.openId}`]: createOpenIdRefusal(context),
    [`GET ${PATHS.openId}${pathOf(context.issuer)}`]: createOpenIdRefusal(context),
    [`GET ${PATHS.jwks}`]: createJwks(context),
    [`GET ${PATHS.openApi}`]: createOpenApiRoute(context),
  };
  // One route for all of them: it counts what devices consume together.
  const deviceAuthorization = createDeviceAuthorization(context, rules.scopes);
  const deviceRoutes = Object.fromEntries(DEVICE_PATHS.map((path) => [`POST ${path}`, deviceAuthorization]));
  return {
    name: SHARED_DIALECT,
    routes: {
      [`POST ${PATHS.introspection}`]: createIntrospection(context),
      [`POST ${PATHS.revocation}`]: createRevocation(context),
      ...deviceRoutes,
      [`POST ${PATHS.pushedAuthorization}`]: createPushedAuthorization(context, rules),
      ...documents,
    },
    crossOriginRoutes: [`POST ${PATHS.revocation}`],
    publicRoutes: Object.keys(documents),
    renderRefusal: renderOAuthRefusal,
  };
};

/** The path of the issuer, which follows the well-known path (RFC 8414 §3.1, RFC 9728 §3.1); empty for an issuer that is not a URL. */
const pathOf = (issuer: string): string =>
  URL.canParse(issuer) ? new URL(issuer).pathname.replace(/\/$/, '') : '';
