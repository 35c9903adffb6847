import type { AuthorizationWire } from '../authorization.ts';
import { splitScope } from '../../clients/scopes.ts';
import { findFault, OAUTH_RULES, oauthAuthorize, readScope } from '../oauth/authorize.ts';
import type { Rule, Rules } from '../oauth/authorize.ts';

const oneOf = (purpose: string, ...words: readonly string[]): Rule => ({
  purpose,
  maxCharacters: 32,
  pattern: new RegExp(`^(?:${words.join('|')})$`),
  must: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}.`,
});

/** The vendor's own parameters among those of OAuth 2.0. Where the vendor documents no bound, it is ours. */
export const RULES: Rules = {
  ...OAUTH_RULES,
  approval_prompt: oneOf('Accepted and ignored: an owner is always asked.', 'auto', 'force'),
  mode: oneOf('Whether it is about real vehicles.', 'live', 'test', 'simulated'),
  make: {
    purpose: 'The make whose vehicles are offered.',
    maxCharacters: 50,
    pattern: /^[\p{L}\p{N} ._-]+$/u,
    must: 'must be the name of one make.',
  },
  single_select: oneOf('Whether the owner chooses one vehicle only.', 'true', 'false'),
  single_select_vin: {
    purpose: 'The VIN of the only vehicle that is offered.',
    maxCharacters: 17,
    pattern: /^[A-Za-z0-9]+$/,
    must: 'must be a VIN.',
  },
  flags: { purpose: 'Accepted and ignored.', maxCharacters: 1000 },
  user: { purpose: 'Accepted and ignored.', maxCharacters: 255 },
  lang: { purpose: 'The language of the pages.', maxCharacters: 35 },
};

const REQUIRED_PREFIX = /^required:/;

/** The names of a scope. The prefix `required:` is for the choice of vehicles. */
export const readScopeNames = (scope: string | undefined): readonly string[] =>
  splitScope(scope).flatMap((name) => name.replace(REQUIRED_PREFIX, '') || []);

/** Smartcar Connect: OAuth 2.0 with the vendor's own parameters. https://smartcar.com/docs/connect/redirect-to-connect */
export const smartcarAuthorize: AuthorizationWire = {
  ...oauthAuthorize,
  path: '/oauth/authorize',
  // The vendor's SDK for browsers opens Connect in a window and waits for a message from the redirect page in it.
  keepsOpener: true,
  parse(parameters, client) {
    const fault = findFault(parameters, client, RULES);
    if (fault !== undefined) return fault;
    const scope = readScope(parameters, readScopeNames(parameters.get('scope')));
    if (typeof scope !== 'string') return scope;
    const vin = parameters.get('single_select_vin')?.toUpperCase();
    return {
      rawState: parameters.getRaw('state'),
      scope,
      codeChallenge: parameters.get('code_challenge'),
      keyThumbprint: parameters.get('dpop_jkt'),
      // `test` is the older name for vehicles that are not real.
      isSimulated: ['simulated', 'test'].includes(parameters.get('mode') ?? 'live'),
      brand: undefined,
      vehicles: {
        when: 'now',
        isSingle: vin !== undefined || parameters.get('single_select') === 'true',
        make: parameters.get('make')?.toLowerCase(),
        vin,
      },
      lang: parameters.get('lang'),
    };
  },
  denials: {
    decline: { error: 'access_denied', description: 'User denied access to application.' },
    no_vehicles: { error: 'no_vehicles', description: 'User has no vehicles that can be connected.' },
  },
};
