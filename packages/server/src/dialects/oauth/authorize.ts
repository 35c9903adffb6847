import type { Client } from '../../clients/client.ts';
import { splitScope } from '../../clients/scopes.ts';
import { requiresPkce } from '../../clients/security-profile.ts';
import type { QueryParameters } from '../../wire/query.ts';
import { describeRepeated, STATE_MAX_CHARACTERS } from '../authorization.ts';
import type { AuthorizationFault, AuthorizationWire } from '../authorization.ts';

/** What the value of a parameter must be. */
export type Rule = {
  /** What it is, in one sentence, for the description of the endpoints. */
  readonly purpose: string;
  readonly maxCharacters: number;
  readonly pattern?: RegExp;
  /** The rule in words, after the name of the parameter. */
  readonly must?: string;
};

/** Rules by the name of the parameter. */
export type Rules = Readonly<Record<string, Rule>>;

/** The parameters of RFC 6749 §4.1.1 and RFC 7636 §4.3, besides the client, its redirect URI and the scope. */
export const OAUTH_RULES: Rules = {
  state: { purpose: 'Handed back unchanged.', maxCharacters: STATE_MAX_CHARACTERS },
  code_challenge: {
    purpose: 'The PKCE challenge (RFC 7636).',
    maxCharacters: 43,
    pattern: /^[A-Za-z0-9_-]{43}$/,
    must: 'must be 43 of base64url.',
  },
  code_challenge_method: {
    purpose: 'How the challenge is made.',
    maxCharacters: 32,
    pattern: /^S256$/,
    must: 'must be S256.',
  },
  dpop_jkt: {
    purpose: 'The thumbprint of the key whose proof the code will need (RFC 9449 §10).',
    maxCharacters: 43,
    pattern: /^[A-Za-z0-9_-]{43}$/,
    must: 'must be a SHA-256 in 43 of base64url.',
  },
};

const SCOPES_MAX = 64;
const SCOPE_MAX_CHARACTERS = 1000;
/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const invalidRequest = (description: string): AuthorizationFault => ({
  reason: 'parameters_wrong',
  error: 'invalid_request',
  description,
});

const invalidScope = (description: string): AuthorizationFault => ({
  reason: 'scope_unknown',
  error: 'invalid_scope',
  description,
});

/** The first fault of a request, as RFC 6749 §4.1.2.1 names it; `undefined` for none. */
export const findFault = (
  parameters: QueryParameters,
  client: Client,
  rules: Rules,
): AuthorizationFault | undefined => {
  const [repeated] = parameters.repeated;
  if (repeated !== undefined)
    return { ...invalidRequest(describeRepeated(repeated)), reason: 'parameter_repeated' };
  const responseType = parameters.get('response_type');
  if (responseType === undefined) return invalidRequest('Missing required parameter: response_type.');
  if (responseType !== 'code')
    return { ...invalidRequest('response_type must be code.'), error: 'unsupported_response_type' };
  if (client.type === 'resource-server')
    return {
      reason: 'client_not_permitted',
      error: 'unauthorized_client',
      description: 'The client may not do this.',
    };
  for (const [name, { maxCharacters, pattern, must }] of Object.entries(rules)) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    if (value.length > maxCharacters)
      return invalidRequest(`${name} must be at most ${maxCharacters} characters.`);
    if (pattern !== undefined && !pattern.test(value))
      return invalidRequest(`${name} ${must ?? 'is malformed.'}`);
  }
  return findChallengeFault(parameters, client);
};

/** RFC 7636 §4.3 and §4.4.1, RFC 9700 §2.1.1. Without a method, `plain` would be meant, which is not supported. */
const findChallengeFault = (parameters: QueryParameters, client: Client): AuthorizationFault | undefined => {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  const isRequired = requiresPkce(client);
  if (challenge === undefined && (isRequired || method !== undefined))
    return invalidRequest('Missing required parameter: code_challenge.');
  if (challenge !== undefined && method === undefined)
    return invalidRequest('code_challenge_method must be S256.');
  return undefined;
};

/** Scope names as one scope, each once. */
export const joinScope = (names: readonly string[]): string | AuthorizationFault => {
  const unique = [...new Set(names)];
  if (unique.length === 0) return invalidScope('Missing required parameter: scope.');
  const scope = unique.join(' ');
  if (unique.length > SCOPES_MAX || scope.length > SCOPE_MAX_CHARACTERS)
    return invalidScope('The scope is too long.');
  return unique.every((name) => SCOPE_TOKEN.test(name)) ? scope : invalidScope('The scope is malformed.');
};

/** The scope of a request, by its names. One that asks for data by name needs none (RFC 9396 §3). */
export const readScope = (
  parameters: QueryParameters,
  names: readonly string[],
): string | AuthorizationFault =>
  names.length === 0 && parameters.get('authorization_details') !== undefined ? '' : joinScope(names);

/** The authorization endpoint of RFC 6749 §4.1.1, with PKCE (RFC 7636) and `iss` (RFC 9207). */
export const oauthAuthorize: AuthorizationWire = {
  path: '/authorize',
  clientIdName: 'client_id',
  redirectUriName: 'redirect_uri',
  isRedirectUriOptional: true,
  redirectsFaults: true,
  resourceName: 'resource',
  detailsName: 'authorization_details',
  hasPkce: true,
  keepsOpener: false,
  parse(parameters, client) {
    const fault = findFault(parameters, client, OAUTH_RULES);
    if (fault !== undefined) return fault;
    const scope = readScope(parameters, splitScope(parameters.get('scope')));
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
  denials: {
    decline: { error: 'access_denied', description: 'The owner did not consent.' },
    no_vehicles: { error: 'access_denied', description: 'The owner has no vehicles that can be connected.' },
  },
  renderCode: (code, issuer) => [
    ['code', code],
    ['iss', issuer],
  ],
  renderError: (error, description, issuer) => [
    ['error', error],
    ['error_description', description],
    ['iss', issuer],
  ],
};
