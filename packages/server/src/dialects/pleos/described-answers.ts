import { POWERTRAINS } from '../../grants/vehicle.ts';
import { objectOf, SECONDS, TEXT, TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { JsonSchema, RefusalFormat } from '../../wire/route-description.ts';
import { renderPleosRefusal } from './envelope.ts';
import { DEAD_TOKEN_CODE, DEAD_TOKEN_CODES, MESSAGES } from './refusals.ts';

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

/** The schemas of all answers, by name. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
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

/** How refusals are written, at every endpoint. */
export const FORMAT: RefusalFormat = {
  schema: 'PleosError',
  render: (refusal, exchange) => renderPleosRefusal(refusal, undefined, exchange),
  renderChoices: (refusal, exchange) =>
    DEAD_TOKEN_CODES.map((code) =>
      renderPleosRefusal(refusal, { dialectOptions: { [DEAD_TOKEN_CODE]: code } }, exchange),
    ),
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
