import type { JsonSchema, RouteDescription } from '../../wire/route-description.ts';

const BASIC = 'clientBasic';
const BEARER = 'accessToken';

/** How callers show who they are in the `Authorization` header. */
export const SECURITY_SCHEMES: JsonSchema = {
  [BASIC]: { type: 'http', scheme: 'basic', description: 'The id of a client and its secret.' },
  [BEARER]: { type: 'http', scheme: 'bearer', description: 'An access token (RFC 6750).' },
};

/** The security requirements of a route: one of them is enough, and an empty one means a client in the body or nobody. */
export const securityOf = ({
  authentication,
}: Pick<RouteDescription, 'authentication'>): readonly JsonSchema[] => {
  if (authentication === 'bearer') return [{ [BEARER]: [] }];
  const hasBasic = authentication.includes('client_secret_basic');
  const hasOthers = authentication.some((method) => method !== 'client_secret_basic');
  return [...(hasBasic ? [{ [BASIC]: [] }] : []), ...(hasBasic && hasOthers ? [{}] : [])];
};
