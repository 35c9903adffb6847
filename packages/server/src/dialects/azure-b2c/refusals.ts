import { reasonsOf } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';
import type { Exchange } from '../../wire/exchange.ts';

/** BigThunderSR/OnStarJS#497, AzureAD/microsoft-authentication-library-for-android#1004, without their three times. */
const DEAD_TOKEN: OAuthAnswer = {
  status: 400,
  error: 'invalid_grant',
  description: 'AADB2C90080: The provided grant has expired. Please re-authenticate and try again.',
};

/** The errors that are known. Every other text is that of plain OAuth 2.0, and ours. */
export const azureB2cRefusals: Partial<Readonly<Record<RefusalReason, OAuthAnswer>>> = Object.fromEntries(
  reasonsOf('dead_token').map((reason) => [reason, DEAD_TOKEN]),
);

/** What follows each description, in lines of its own: some clients cannot read the line breaks. */
export const describeRequest = ({ requestId, nowMs }: Exchange): string => {
  const timestamp = `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return `\r\nCorrelation ID: ${requestId}\r\nTimestamp: ${timestamp}\r\n`;
};
