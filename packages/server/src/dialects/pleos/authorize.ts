import { describeRepeated, STATE_MAX_CHARACTERS } from '../authorization.ts';
import type { AuthorizationFault, AuthorizationWire } from '../authorization.ts';
import { findBrand } from './brand.ts';

const wrong = (description: string): AuthorizationFault => ({
  reason: 'parameters_wrong',
  error: 'invalid_request',
  description,
});

/**
 * Login with Pleos: four parameters, all required, and no scope. Owners choose vehicles later, after
 * `POST /v1/vehicles/selections`. The vendor documents one failure, a screen that says "Invalid request", and does not say
 * what happens when an owner declines.
 */
export const pleosLogin: AuthorizationWire = {
  path: '/v1/auth/login',
  clientIdName: 'clientId',
  redirectUriName: 'redirectUrl',
  isRedirectUriOptional: false,
  redirectsFaults: false,
  hasPkce: false,
  keepsOpener: false,
  parse(parameters, client) {
    const [repeated] = parameters.repeated;
    if (repeated !== undefined) return { ...wrong(describeRepeated(repeated)), reason: 'parameter_repeated' };
    if (client.type === 'resource-server')
      return { ...wrong('The client may not do this.'), reason: 'client_not_permitted' };
    const brand = findBrand(parameters.get('brand'));
    if (brand === undefined) return wrong('brand must be hyundai, kia or genesis.');
    const state = parameters.get('state');
    if (state === undefined) return wrong('state is required.');
    if (state.length > STATE_MAX_CHARACTERS)
      return wrong(`state must be at most ${STATE_MAX_CHARACTERS} characters.`);
    return {
      rawState: parameters.getRaw('state'),
      scope: '',
      codeChallenge: undefined,
      isSimulated: false,
      brand,
      vehicles: { when: 'later' },
      lang: parameters.get('lang'),
    };
  },
  // The redirect carries no description.
  denials: {
    decline: { error: 'access_denied', description: '' },
    no_vehicles: { error: 'no_vehicles', description: '' },
  },
  renderCode: (code) => [['code', code]],
  renderError: (error) => [['error', error]],
};
