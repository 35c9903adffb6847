import type { RefusalReason } from '../../errors.ts';
import { grantTypesOf } from '../../grant-types/grant-types.ts';
import { PERSONAL_GRANT } from '../../grant-types/personal-grant.ts';
import {
  BEARER_REASONS,
  BODY_REASONS,
  EDGE_REASONS,
  objectOf,
  PAGE_ANSWERS,
  SAMPLE_EXCHANGE,
  SECONDS,
  TEXT,
  TEXT_NOT_EMPTY,
} from '../../wire/route-description.ts';
import type {
  DescribedBody,
  DescribedParameter,
  JsonSchema,
  RefusalFormat,
  RouteDescription,
  WireDescription,
} from '../../wire/route-description.ts';
import { STATE_MAX_CHARACTERS } from '../authorization.ts';
import { refreshTokensOf, tokenAnswerOf, tokenHeadersOf, tokenReasonsOf } from '../describe-tokens.ts';
import type { Dialect, TokenEndpoint } from '../dialect.ts';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import { PLEOS_BRANDS } from './brand.ts';
import { renderData, renderPleosRefusal } from './envelope.ts';
import { BODY_FIELDS } from './fields.ts';
import { MESSAGES } from './refusals.ts';
import { LANGUAGE, writeVehicles } from './vehicle-data.ts';
import { vehicleSelection, writeSelectionUrl } from './vehicle-selection.ts';

const TIMESTAMP = { type: 'string', format: 'date-time' };
const REQUEST_ID = { type: 'string', format: 'uuid' };

/** A success: the data, and beside it what is known about the answer. */
const envelope = (data: JsonSchema): JsonSchema =>
  objectOf({
    data,
    meta: objectOf({
      code: { const: 200 },
      message: { const: 'Success' },
      success: { const: 'true' },
      timestamp: TIMESTAMP,
      requestId: REQUEST_ID,
    }),
  });

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  PleosError: objectOf({
    error: objectOf({
      code: { enum: Object.keys(MESSAGES) },
      message: { enum: Object.values(MESSAGES) },
      details: { type: 'array', items: objectOf({ field: TEXT, message: TEXT }) },
      timestamp: TIMESTAMP,
      requestId: REQUEST_ID,
    }),
  }),
  PleosTokens: envelope(
    objectOf({ accessToken: TEXT_NOT_EMPTY, refreshToken: { type: 'string', pattern: '^[A-Z0-9]{36}$' } }),
  ),
  PleosAccessToken: envelope(
    objectOf({ accessToken: TEXT_NOT_EMPTY, tokenType: { const: 'Bearer' }, expiresIn: SECONDS }),
  ),
  PleosSelection: envelope(objectOf({ redirectUrl: { type: 'string', format: 'uri' } })),
  PleosVehicles: envelope(
    objectOf({
      vehicles: {
        type: 'array',
        items: objectOf({
          vin: TEXT,
          nickname: TEXT,
          name: TEXT,
          type: { enum: POWERTRAINS },
          sellname: TEXT,
        }),
      },
    }),
  ),
  PleosDone: envelope(objectOf({})),
};

const FORMAT: RefusalFormat = {
  schema: 'PleosError',
  render: (refusal, exchange) => renderPleosRefusal(refusal, undefined, exchange),
  read: (body) => {
    const { code, message, details } = (body as PleosErrorBody).error;
    const faults = details.map(({ field, message: fault }) => `${field} ${fault}`);
    return { code, text: [message, ...faults].join(': ') };
  },
};
type PleosErrorBody = {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: readonly { readonly field: string; readonly message: string }[];
  };
};

/** A brand in any case, with spaces around it. */
const BRAND_PATTERN = `^ *(?:${PLEOS_BRANDS.map((brand) =>
  brand.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`),
).join('|')}) *$`;

const BRAND: DescribedParameter = {
  in: 'header',
  name: 'Brand',
  isRequired: true,
  purpose: `The make, in any case: ${PLEOS_BRANDS.join(', ')}.`,
  schema: { type: 'string', pattern: BRAND_PATTERN },
};

/** What the members of bodies are, by name. */
const MEMBERS: Readonly<Record<BodyMember, { readonly purpose: string; readonly schema?: JsonSchema }>> = {
  clientId: { purpose: 'The client.' },
  clientSecret: { purpose: 'Its secret.' },
  refreshToken: { purpose: 'The refresh token to exchange.' },
  code: { purpose: 'The authorization code.' },
  redirectUrl: { purpose: 'That of the login.' },
  state: {
    purpose: 'Handed back unchanged.',
    schema: { ...TEXT_NOT_EMPTY, maxLength: STATE_MAX_CHARACTERS },
  },
  lang: { purpose: 'The language of the page.', schema: { type: 'string', pattern: LANGUAGE.source } },
};
type BodyMember = (typeof BODY_FIELDS)[keyof typeof BODY_FIELDS][number];

const bodyOf = (title: string, names: readonly BodyMember[]): DescribedBody => ({
  mediaType: 'application/json',
  kinds: [
    {
      title,
      fields: names.map((name) => ({ name, isRequired: true, schema: TEXT_NOT_EMPTY, ...MEMBERS[name] })),
    },
  ],
});

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
    refusals: { reasons: [...tokenReasonsOf(endpoint), 'parameters_wrong'], format: FORMAT },
  };
};

const SUMMARIES: Readonly<Record<string, string>> = {
  refresh_token: 'Exchanges a refresh token',
  authorization_code: 'Exchanges a code',
  [PERSONAL_GRANT]: "Issues an access token for the grant of an owner's own client",
};

/** A call with an access token. `data` is what a sample answers. */
const dataRoute = (
  summary: string,
  schema: string,
  data: object,
  {
    parameters = [],
    body,
    reasons,
  }: Pick<RouteDescription, 'body' | 'parameters'> & { readonly reasons: readonly RefusalReason[] },
): RouteDescription => ({
  summary,
  authentication: 'bearer',
  parameters: [BRAND, ...parameters],
  ...(body !== undefined && { body }),
  answers: {
    200: {
      summary: 'Success.',
      mediaType: 'application/json',
      schema,
      sample: renderData(data, SAMPLE_EXCHANGE),
    },
  },
  refusals: { reasons: [...EDGE_REASONS, ...BEARER_REASONS, 'parameters_wrong', ...reasons], format: FORMAT },
});

const VIN: DescribedParameter = {
  in: 'query',
  name: 'vin',
  isRequired: false,
  purpose: 'The vehicle; every one where absent.',
  schema: TEXT_NOT_EMPTY,
};
const VEHICLE = {
  id: '5d1f3f5e-7f57-4c1b-9c0a-1c2f9a1f7b21',
  vin: 'KMHKR81AFNU000001',
  make: 'hyundai',
  model: 'IONIQ 5',
  year: 2024,
  nickname: 'Blue',
  powertrain: 'EV',
} as const;

const DATA_ROUTES: Readonly<Record<string, RouteDescription>> = {
  'POST /v1/vehicles/selections': dataRoute(
    'Makes a link to the page on which the owner chooses vehicles',
    'PleosSelection',
    { redirectUrl: writeSelectionUrl('https://fob.example', 'en', 'session') },
    {
      body: bodyOf('selection', BODY_FIELDS['/v1/vehicles/selections']),
      reasons: [...BODY_REASONS, 'client_not_permitted'],
    },
  ),
  'GET /v1/vehicles/consent': dataRoute('Lists the shared vehicles', 'PleosVehicles', writeVehicles([VEHICLE]), {
    reasons: [],
  }),
  'DELETE /v1/vehicles/consent': dataRoute(
    'Ends the sharing of a vehicle, or of all',
    'PleosDone',
    {},
    { parameters: [VIN], reasons: ['vehicles_not_shared', 'vehicle_unknown'] },
  ),
};

const query = (
  name: string,
  isRequired: boolean,
  purpose: string,
  schema: JsonSchema = TEXT_NOT_EMPTY,
): DescribedParameter => ({ in: 'query', name, isRequired, purpose, schema });

const PAGES: Readonly<Record<string, RouteDescription>> = {
  [`GET ${vehicleSelection.path}`]: {
    summary: 'The page on which the owner chooses vehicles',
    authentication: [],
    parameters: [
      query(vehicleSelection.sessionIdName, true, 'From the link that the client asked for.'),
      query('lang', false, 'The language of the page.'),
    ],
    answers: PAGE_ANSWERS,
  },
};

/** The endpoints of Pleos. */
export const describePleos = (dialect: Dialect): WireDescription => {
  const { title, authorization, tokenEndpoints } = dialect;
  return {
    title,
    purpose: 'The API of Pleos (Hyundai, Kia, Genesis): JSON under `/v1`, with a `Brand` header.',
    schemas: SCHEMAS,
    routes: {
      [`GET ${authorization.path}`]: {
        summary: 'Signs an owner in and asks for consent',
        authentication: [],
        parameters: [
          query(authorization.clientIdName, true, 'The client.'),
          query('brand', true, 'The make, in any case.', { type: 'string', pattern: BRAND_PATTERN }),
          query(authorization.redirectUriName, true, 'Where the owner is sent back to.'),
          query('state', true, 'Handed back unchanged.', {
            ...TEXT_NOT_EMPTY,
            maxLength: STATE_MAX_CHARACTERS,
          }),
          query('lang', false, 'The language of the pages.'),
        ],
        answers: PAGE_ANSWERS,
      },
      ...Object.fromEntries(
        Object.entries(tokenEndpoints).map(([path, endpoint]) => [
          `POST ${path}`,
          describeEndpoint(dialect, path, endpoint),
        ]),
      ),
      ...PAGES,
      ...DATA_ROUTES,
    },
  };
};
