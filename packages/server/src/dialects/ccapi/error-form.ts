import { objectOf } from '../../wire/route-description.ts';
import type { ErrorForm } from '../oauth/error-form.ts';

/** The header with the id of a request, which `errId` repeats. */
export const REQUEST_ID = 'Ccsp-Request-Id';

/** Flat errors: `errCode` is a text of four digits. */
export const errorForm: ErrorForm = {
  schemaOf: (codes) =>
    objectOf({
      errId: { type: 'string', format: 'uuid' },
      errCode: { enum: codes },
      errMsg: { type: 'string', minLength: 1 },
    }),
  write: ({ error, description }, { requestId }) => ({
    errId: requestId,
    errCode: error,
    errMsg: description,
  }),
  read: (body) => {
    const { errCode, errMsg } = body as { errCode: string; errMsg: string };
    return { code: errCode, text: errMsg };
  },
  codes: {
    invalid_request: '4002',
    invalid_grant: '4003',
    invalid_client: '4010',
    unauthorized_client: '4010',
    access_denied: '4012',
    temporarily_unavailable: '5001',
    server_error: '5001',
  },
};
