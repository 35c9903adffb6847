import { splitScope } from '../../clients/scopes.ts';
import type { AuthorizationWire } from '../authorization.ts';
import { askedScopes } from './asked-scopes.ts';
import { findFault, joinScope, OAUTH_RULES, oauthAuthorize } from './authorize.ts';
import type { WireDifferences } from './wire-differences.ts';

/**
 * The authorization endpoint of a wire that is RFC 6749 with differences.
 */
export const createAuthorization = ({
  paths,
  authorizationRules = {},
  protocolScopes = [],
  hasNoScopeParameter,
}: Pick<
  WireDifferences,
  'paths' | 'authorizationRules' | 'protocolScopes' | 'hasNoScopeParameter'
>): AuthorizationWire => {
  const rules = { ...OAUTH_RULES, ...authorizationRules };
  return {
    ...oauthAuthorize,
    path: paths.authorization,
    parse(parameters, client) {
      const fault = findFault(parameters, client, rules);
      if (fault !== undefined) return fault;
      const sent = splitScope(parameters.get('scope'));
      const isForAll = sent.length === 0 && hasNoScopeParameter === true;
      const scope = joinScope(
        isForAll ? splitScope(client.policy.grantScope) : askedScopes(sent, client, protocolScopes),
      );
      if (typeof scope !== 'string') return scope;
      return {
        rawState: parameters.getRaw('state'),
        scope,
        codeChallenge: parameters.get('code_challenge'),
        keyThumbprint: parameters.get('dpop_jkt'),
        isSimulated: false,
        brand: undefined,
        vehicles: { when: 'now', isSingle: false, make: undefined, vin: undefined },
        lang: undefined,
      };
    },
  };
};
