import type { Client } from '../../clients/client.ts';
import { STATE_MAX_CHARACTERS } from '../authorization.ts';
import type { AuthorizationFault, AuthorizationWire } from '../authorization.ts';
import type { QueryParameters } from '../../wire/query.ts';

type Rule = {
  readonly isRequired?: boolean;
  readonly maxCharacters: number;
  readonly pattern?: RegExp;
  /** What a value must be, behind the name. */
  readonly must?: string;
};

const oneOf = (...words: readonly string[]): Rule => ({
  maxCharacters: 32,
  pattern: new RegExp(`^(?:${words.join('|')})$`),
  must: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}.`,
});

/** Every parameter besides the client and its redirect URI. What the vendor documents without bounds has ours. */
const RULES: Readonly<Record<string, Rule>> = {
  state: { maxCharacters: STATE_MAX_CHARACTERS },
  approval_prompt: oneOf('auto', 'force'),
  mode: oneOf('live', 'test', 'simulated'),
  make: {
    maxCharacters: 50,
    pattern: /^[\p{L}\p{N} ._-]+$/u,
    must: 'must be the name of one make.',
  },
  single_select: oneOf('true', 'false'),
  single_select_vin: { maxCharacters: 17, pattern: /^[A-Za-z0-9]+$/, must: 'must be a VIN.' },
  flags: { maxCharacters: 1000 },
  user: { maxCharacters: 255 },
  code_challenge: { maxCharacters: 43, pattern: /^[A-Za-z0-9_-]{43}$/, must: 'must be 43 of base64url.' },
  code_challenge_method: { maxCharacters: 32, pattern: /^S256$/, must: 'must be S256.' },
  lang: { maxCharacters: 35 },
};

const SCOPES_MAX = 64;
const SCOPE_MAX_CHARACTERS = 1000;
/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const REQUIRED_PREFIX = /^required:/;

const wrong = (description: string): AuthorizationFault => ({
  reason: 'parameters_wrong',
  error: 'invalid_request',
  description,
});

/** Faults as the RFC names them, the first that is found; `undefined` for none. */
const findFault = (parameters: QueryParameters, client: Client): AuthorizationFault | undefined => {
  const [repeated] = parameters.repeated;
  if (repeated !== undefined)
    return { ...wrong('A parameter was sent more than once.'), reason: 'parameter_repeated' };
  const responseType = parameters.get('response_type');
  if (responseType === undefined) return wrong('Missing required parameter: response_type.');
  if (responseType !== 'code')
    return { ...wrong('response_type must be code.'), error: 'unsupported_response_type' };
  if (client.type === 'resource-server')
    return {
      reason: 'client_not_permitted',
      error: 'unauthorized_client',
      description: 'The client may not do this.',
    };
  for (const [name, { maxCharacters, pattern, must }] of Object.entries(RULES)) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    if (value.length > maxCharacters) return wrong(`${name} must be at most ${maxCharacters} characters.`);
    if (pattern !== undefined && !pattern.test(value)) return wrong(`${name} ${must ?? 'is malformed.'}`);
  }
  return findChallengeFault(parameters, client);
};

/** RFC 7636 §4.3 and §4.4.1, RFC 9700 §2.1.1: without a method `plain` would be meant, which is not served. */
const findChallengeFault = (
  parameters: QueryParameters,
  { type }: Client,
): AuthorizationFault | undefined => {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  if (challenge === undefined && type === 'public')
    return wrong('Missing required parameter: code_challenge.');
  if (challenge === undefined && method !== undefined)
    return wrong('Missing required parameter: code_challenge.');
  if (challenge !== undefined && method === undefined) return wrong('code_challenge_method must be S256.');
  return undefined;
};

const invalid = (description: string): AuthorizationFault => ({
  reason: 'scope_unknown',
  error: 'invalid_scope',
  description,
});

/** The permissions that are asked for, each once; the `required:` in front of one is for the choice of vehicles. */
const readScope = (text: string | undefined): string | AuthorizationFault => {
  const scopes = new Set((text ?? '').split(' ').flatMap((one) => one.replace(REQUIRED_PREFIX, '') || []));
  if (scopes.size === 0) return invalid('Missing required parameter: scope.');
  const scope = [...scopes].join(' ');
  if (scopes.size > SCOPES_MAX || scope.length > SCOPE_MAX_CHARACTERS)
    return invalid('The scope is too long.');
  return [...scopes].every((one) => SCOPE_TOKEN.test(one)) ? scope : invalid('The scope is malformed.');
};

/** Smartcar Connect: OAuth 2.0 with the vendor's own parameters. https://smartcar.com/docs/connect/redirect-to-connect */
export const smartcarAuthorize: AuthorizationWire = {
  path: '/oauth/authorize',
  clientIdName: 'client_id',
  redirectUriName: 'redirect_uri',
  isRedirectUriOptional: true,
  redirectsFaults: true,
  // The vendor's SDK for browsers opens Connect in a window and waits for a message from the redirect page in it.
  keepsOpener: true,
  parse(parameters, client) {
    const fault = findFault(parameters, client);
    if (fault !== undefined) return fault;
    const scope = readScope(parameters.get('scope'));
    if (typeof scope !== 'string') return scope;
    const vin = parameters.get('single_select_vin')?.toUpperCase();
    return {
      rawState: parameters.getRaw('state'),
      scope,
      codeChallenge: parameters.get('code_challenge'),
      // The older name of the two, for vehicles that are not real either.
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
