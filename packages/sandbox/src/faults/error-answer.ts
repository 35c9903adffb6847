import { DIALECTS, findDialect } from '@keyfob/server/dialects';
import type { Millis } from '@keyfob/server/grants';
import type { WireResponse } from '@keyfob/server/wire';

/** An error that a fault answers. */
export type MadeError = { readonly errorCode: string; readonly description?: string | undefined };

type Place = { readonly dialect: string | undefined; readonly nowMs: Millis; readonly requestId: string };

/** There always is a description, because some clients cannot do without. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  invalid_grant: 'Invalid or expired refresh token.',
  temporarily_unavailable: 'Too many requests.',
  unauthorized_client: 'This client may not use this grant type.',
};

/** The error in the form of the dialect that was asked, without its status. Elsewhere it is that of OAuth 2.0. */
export const renderError = (
  { errorCode, description = DESCRIPTIONS[errorCode] ?? errorCode.replaceAll('_', ' ') }: MadeError,
  { dialect, ...exchange }: Place,
): Pick<WireResponse, 'headers' | 'body'> => {
  const { sandbox } = findDialect(dialect ?? '') ?? DIALECTS.oauth;
  const { headers, body } = sandbox.renderError({ error: errorCode, description }, exchange);
  return { headers, body };
};
