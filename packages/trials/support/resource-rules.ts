/** What the shared endpoints need of a deployment that declares no scopes. */
export const RESOURCE_RULES = {
  scopes: new Map(),
  data: new Map(),
  isDemo: false,
  metadataDialect: undefined,
  requirePushedRequests: false,
  clientRegistration: false,
};
