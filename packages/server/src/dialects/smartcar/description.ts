import type { RefusalReason } from '../../errors.ts';
import {
  BEARER_REASONS,
  EDGE_REASONS,
  objectOf,
  PROOF_PARAMETER,
  SAMPLE_EXCHANGE,
  SENDER_REASONS,
  TEXT,
  TEXT_NOT_EMPTY,
} from '../../wire/route-description.ts';
import type {
  DescribedParameter,
  JsonSchema,
  RefusalFormat,
  RouteDescription,
  WireDescription,
} from '../../wire/route-description.ts';
import type { Dialect } from '../dialect.ts';
import { describeAuthorization } from '../oauth/describe-authorization.ts';
import {
  describeTokenEndpoint,
  oauthErrorSchema,
  oauthFormat,
  tokensSchema,
} from '../oauth/describe-tokens.ts';
import { RULES } from './authorize.ts';
import { attributesOf, pageOf, renderData, renderDataRefusal } from './vehicle-data.ts';

const UUID = { type: 'string', format: 'uuid' };
const COUNT = { type: 'integer', minimum: 0 };

const pageSchema = (name: string): JsonSchema =>
  objectOf({ [name]: { type: 'array', items: TEXT }, paging: objectOf({ count: COUNT, offset: COUNT }) });

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  SmartcarVehicles: pageSchema('vehicles'),
  SmartcarPermissions: pageSchema('permissions'),
  SmartcarUser: objectOf({ id: TEXT_NOT_EMPTY }),
  SmartcarVehicle: objectOf({ id: UUID, make: TEXT, model: TEXT, year: { type: 'integer' } }),
  SmartcarDisconnection: objectOf({ status: { const: 'success' } }),
  SmartcarDataError: objectOf(
    {
      type: TEXT,
      code: { type: ['string', 'null'] },
      description: TEXT,
      docURL: { type: 'string', format: 'uri' },
      statusCode: { type: 'integer' },
      requestId: UUID,
      resolution: objectOf({ type: { type: ['string', 'null'] } }),
    },
    { detail: { type: 'array', items: objectOf({ field: TEXT, message: TEXT }) } },
  ),
};

const DATA_FORMAT: RefusalFormat = {
  schema: 'SmartcarDataError',
  render: renderDataRefusal,
  read: (body) => {
    const { type, code, description } = body as { type: string; code: string | null; description: string };
    return { code: code === null ? type : `${type}.${code}`, text: description };
  },
};

const VEHICLE = {
  id: '5d1f3f5e-7f57-4c1b-9c0a-1c2f9a1f7b21',
  vin: 'KMHKR81AFNU000001',
  make: 'hyundai',
  model: 'IONIQ 5',
  year: 2024,
  nickname: '',
  powertrain: 'EV',
} as const;
const WHOLE = { limit: 10, offset: 0 };

const ID: DescribedParameter = {
  in: 'path',
  name: 'id',
  isRequired: true,
  purpose: 'The id of a vehicle of the grant.',
  schema: TEXT_NOT_EMPTY,
};
const PAGING: readonly DescribedParameter[] = [
  {
    in: 'query',
    name: 'limit',
    isRequired: false,
    purpose: 'The length of the part of the list.',
    schema: { type: 'integer', minimum: 1 },
  },
  {
    in: 'query',
    name: 'offset',
    isRequired: false,
    purpose: 'Where the part begins.',
    schema: { type: 'integer', minimum: 0 },
  },
];
const PAGING_REASONS = ['parameters_wrong', 'body_malformed', 'parameter_repeated'] as const;
const VEHICLE_REASONS = ['path_unknown', 'vehicle_unknown'] as const;

/** A call with an access token. `data` is what a sample answers. */
const dataRoute = ({
  summary,
  schema,
  data,
  parameters = [],
  reasons = [],
}: Pick<RouteDescription, 'summary' | 'parameters'> & {
  readonly schema: string;
  readonly data: object;
  readonly reasons?: readonly RefusalReason[];
}): RouteDescription => ({
  summary,
  authentication: 'bearer',
  parameters: [...parameters, PROOF_PARAMETER],
  answers: {
    200: {
      summary: 'What was asked for.',
      mediaType: 'application/json',
      schema,
      sample: renderData(data, SAMPLE_EXCHANGE),
    },
  },
  refusals: {
    reasons: [...EDGE_REASONS, ...BEARER_REASONS, ...SENDER_REASONS, ...reasons],
    format: DATA_FORMAT,
  },
});

const DATA_ROUTES: Readonly<Record<string, RouteDescription>> = {
  'GET /v2.0/vehicles': dataRoute({
    summary: 'Lists the vehicles of a grant',
    schema: 'SmartcarVehicles',
    data: pageOf('vehicles', [VEHICLE.id], WHOLE),
    parameters: PAGING,
    reasons: PAGING_REASONS,
  }),
  'GET /v2.0/user': dataRoute({
    summary: 'Shows the owner',
    schema: 'SmartcarUser',
    data: { id: 'owner-1' },
  }),
  'GET /v2.0/vehicles/{id}': dataRoute({
    summary: 'Shows a vehicle',
    schema: 'SmartcarVehicle',
    data: attributesOf(VEHICLE),
    parameters: [ID],
    reasons: [...VEHICLE_REASONS, 'scope_missing'],
  }),
  'GET /v2.0/vehicles/{id}/permissions': dataRoute({
    summary: 'Lists what the owner permitted',
    schema: 'SmartcarPermissions',
    data: pageOf('permissions', ['read_vehicle_info'], WHOLE),
    parameters: [ID, ...PAGING],
    reasons: [...VEHICLE_REASONS, ...PAGING_REASONS],
  }),
  'DELETE /v2.0/vehicles/{id}/application': dataRoute({
    summary: 'Disconnects a vehicle; with the last one, the grant ends',
    schema: 'SmartcarDisconnection',
    data: { status: 'success' },
    parameters: [ID],
    reasons: VEHICLE_REASONS,
  }),
};

/** Smartcar's endpoints. */
export const describeSmartcar = (dialect: Dialect): WireDescription => {
  const { title, authorization, tokenEndpoints, defaultPolicy } = dialect;
  const format = oauthFormat('SmartcarError', (refusal, exchange) =>
    dialect.renderRefusal(refusal, defaultPolicy, exchange),
  );
  const endpoints = Object.entries(tokenEndpoints);
  const words = {
    summary: 'Issues tokens: for a code, for a refresh token, or for the client itself',
    schema: 'SmartcarTokens',
    format,
  };
  return {
    title,
    purpose: 'The API of Smartcar: OAuth 2.0, and the vehicles of a grant (version 2.0).',
    schemas: {
      SmartcarError: oauthErrorSchema(Object.values(dialect.tokenEndpoints)),
      ...SCHEMAS,
      ...Object.fromEntries(endpoints.map(([, endpoint]) => [words.schema, tokensSchema(endpoint, UUID)])),
    },
    routes: {
      [`GET ${authorization.path}`]: describeAuthorization(authorization, RULES),
      ...Object.fromEntries(
        endpoints.map(([path, endpoint]) => [
          `POST ${path}`,
          describeTokenEndpoint(dialect, endpoint, words),
        ]),
      ),
      ...DATA_ROUTES,
    },
  };
};
