import type { RefusalReason } from '../../errors.ts';
import {
  BEARER_REASONS,
  BODY_REASONS,
  EDGE_REASONS,
  PAGE_ANSWERS,
  SAMPLE_EXCHANGE,
  TEXT_NOT_EMPTY,
} from '../../wire/route-description.ts';
import type { DescribedParameter, RouteDescription } from '../../wire/route-description.ts';
import { FORMAT } from './described-answers.ts';
import { bodyOf, BRAND, query } from './described-fields.ts';
import { renderData } from './envelope.ts';
import { BODY_FIELDS } from './fields.ts';
import { writeVehicles } from './vehicle-data.ts';
import { vehicleSelection, writeSelectionUrl } from './vehicle-selection.ts';

/** A call with an access token. `data` is what a sample answers. */
const dataRoute = ({
  summary,
  schema,
  data,
  parameters = [],
  body,
  reasons = [],
}: Pick<RouteDescription, 'summary' | 'body' | 'parameters'> & {
  readonly schema: string;
  readonly data: object;
  readonly reasons?: readonly RefusalReason[];
}): RouteDescription => ({
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

const SELECTION_PAGE: RouteDescription = {
  summary: 'The page on which the owner chooses vehicles',
  authentication: [],
  parameters: [
    query({ name: vehicleSelection.sessionIdName, purpose: 'From the link that the client asked for.' }),
    query({ name: 'lang', isRequired: false, purpose: 'The language of the page.' }),
  ],
  answers: PAGE_ANSWERS,
};

/** What a grant covers, and the page on which its owner chooses that. */
export const VEHICLE_ROUTES: Readonly<Record<string, RouteDescription>> = {
  [`GET ${vehicleSelection.path}`]: SELECTION_PAGE,
  'POST /v1/vehicles/selections': dataRoute({
    summary: 'Makes a link to the page on which the owner chooses vehicles',
    schema: 'PleosSelection',
    data: { redirectUrl: writeSelectionUrl('https://fob.example', 'en', 'session') },
    body: bodyOf('selection', BODY_FIELDS['/v1/vehicles/selections']),
    reasons: [...BODY_REASONS, 'client_not_permitted'],
  }),
  'GET /v1/vehicles/consent': dataRoute({
    summary: 'Lists the shared vehicles',
    schema: 'PleosVehicles',
    data: writeVehicles([VEHICLE]),
  }),
  'DELETE /v1/vehicles/consent': dataRoute({
    summary: 'Ends the sharing of a vehicle, or of all',
    schema: 'PleosDone',
    data: {},
    parameters: [VIN],
    reasons: ['vehicles_not_shared', 'vehicle_unknown'],
  }),
};
