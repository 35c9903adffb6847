import type { Millis } from '@keyfob/server/grants';
import type { WireResponse } from '@keyfob/server/wire';

/** An error that a fault answers. */
export type MadeError = { readonly errorCode: string; readonly description?: string | undefined };

type Place = { readonly dialect: string | undefined; readonly nowMs: Millis; readonly requestId: string };

/** How a dialect writes an error that the sandbox makes: its code for each of OAuth 2.0, and its body. */
type ErrorForm = {
  readonly codes: Readonly<Record<string, string>>;
  readonly requestIdHeader: string;
  readonly write: (error: { readonly code: string; readonly description: string }, place: Place) => object;
};

/** RFC 6749 §5.2. Every client of Smartcar reads a description, so there always is one. */
const oauth: ErrorForm = {
  codes: {},
  requestIdHeader: 'X-Request-Id',
  write: ({ code, description }) => ({ error: code, error_description: description }),
};

/** The forms that differ from OAuth 2.0, by dialect. */
const FORMS: Readonly<Record<string, ErrorForm>> = {
  smartcar: { ...oauth, requestIdHeader: 'SC-Request-Id' },
  pleos: {
    codes: {
      invalid_request: '4002',
      invalid_grant: '4002',
      invalid_client: '401',
      unauthorized_client: '403',
      access_denied: '403',
      temporarily_unavailable: '5001',
      server_error: '5001',
    },
    requestIdHeader: 'X-Request-Id',
    write: ({ code, description: message }, { nowMs, requestId }) => {
      const timestamp = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
      return { error: { code, message, details: [], timestamp, requestId } };
    },
  },
};

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  invalid_grant: 'Invalid or expired refresh token.',
  temporarily_unavailable: 'Too many requests.',
  unauthorized_client: 'This client may not use this grant type.',
};

/** The error in the form of the dialect that was asked, without its status. */
export const renderError = (
  { errorCode, description = DESCRIPTIONS[errorCode] ?? errorCode.replaceAll('_', ' ') }: MadeError,
  place: Place,
): Pick<WireResponse, 'headers' | 'body'> => {
  const { codes, requestIdHeader, write } = FORMS[place.dialect ?? ''] ?? oauth;
  const body = write({ code: codes[errorCode] ?? errorCode, description }, place);
  return {
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      [requestIdHeader]: place.requestId,
    },
    body: JSON.stringify(body),
  };
};
