import { grantTypesOf } from '../../grant-types/grant-types.ts';
import { PERSONAL_GRANT } from '../../grant-types/personal-grant.ts';
import { PAGE_ANSWERS, TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { RouteDescription, WireDescription } from '../../wire/route-description.ts';
import { STATE_MAX_CHARACTERS } from '../authorization.ts';
import type { AuthorizationWire } from '../authorization.ts';
import { refreshTokensOf, tokenAnswerOf, tokenHeadersOf, tokenReasonsOf } from '../describe-tokens.ts';
import type { Dialect, TokenEndpoint } from '../dialect.ts';
import { VEHICLE_ROUTES } from './describe-vehicles.ts';
import { FORMAT, SCHEMAS } from './described-answers.ts';
import { bodyOf, BRAND, brandPattern, query } from './described-fields.ts';
import type { BodyMember } from './described-fields.ts';
import { BODY_FIELDS } from './fields.ts';

const isDescribedPath = (path: string): path is keyof typeof BODY_FIELDS => path in BODY_FIELDS;

const describeEndpoint = (dialect: Dialect, path: string, endpoint: TokenEndpoint): RouteDescription => {
  const [name = ''] = grantTypesOf(endpoint).keys();
  const names = isDescribedPath(path) ? BODY_FIELDS[path] : [];
  return {
    summary: SUMMARIES[name] ?? name,
    authentication: endpoint.methods,
    parameters: [BRAND, ...tokenHeadersOf(dialect, endpoint)],
    body: bodyOf(name, names),
    answers: {
      200: tokenAnswerOf(
        dialect,
        endpoint,
        refreshTokensOf(endpoint) === 'never' ? 'PleosAccessToken' : 'PleosTokens',
      ),
    },
    refusals: { reasons: [...tokenReasonsOf(endpoint, readsOf(names)), 'parameters_wrong'], format: FORMAT },
  };
};

/** The members that carry a parameter of the RFCs. */
const RFC_NAMES: Readonly<Partial<Record<BodyMember, string>>> = {
  refreshToken: 'refresh_token',
  code: 'code',
  redirectUrl: 'redirect_uri',
};

const readsOf =
  (members: readonly BodyMember[]) =>
  (parameter: string): boolean =>
    members.some((member) => RFC_NAMES[member] === parameter);

const SUMMARIES: Readonly<Record<string, string>> = {
  refresh_token: 'Exchanges a refresh token',
  authorization_code: 'Exchanges a code',
  [PERSONAL_GRANT]: "Issues an access token for the grant of an owner's own client",
};

const describeLogin = ({ clientIdName, redirectUriName }: AuthorizationWire): RouteDescription => ({
  summary: 'Signs an owner in and asks for consent',
  authentication: [],
  parameters: [
    query({ name: clientIdName, purpose: 'The client.' }),
    query({
      name: 'brand',
      purpose: 'The make, in any case.',
      schema: { type: 'string', pattern: brandPattern('') },
    }),
    query({ name: redirectUriName, purpose: 'Where the owner is sent back to.' }),
    query({
      name: 'state',
      purpose: 'Handed back unchanged.',
      schema: { ...TEXT_NOT_EMPTY, maxLength: STATE_MAX_CHARACTERS },
    }),
    query({ name: 'lang', isRequired: false, purpose: 'The language of the pages.' }),
  ],
  answers: PAGE_ANSWERS,
});

/** The endpoints of Pleos. */
export const describePleos = (dialect: Dialect): WireDescription => {
  const { title, authorization, tokenEndpoints } = dialect;
  return {
    title,
    purpose: 'The API of Pleos (Hyundai, Kia, Genesis): JSON under `/v1`, with a `Brand` header.',
    schemas: SCHEMAS,
    routes: {
      [`GET ${authorization.path}`]: describeLogin(authorization),
      ...Object.fromEntries(
        Object.entries(tokenEndpoints).map(([path, endpoint]) => [
          `POST ${path}`,
          describeEndpoint(dialect, path, endpoint),
        ]),
      ),
      ...VEHICLE_ROUTES,
    },
  };
};
