import type { Exchange } from '../../wire/exchange.ts';
import { REQUEST_ID } from './request-id.ts';

/** The headers of every answer of the token endpoint. */
export const headersOf = ({ requestId }: Exchange) => ({
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  [REQUEST_ID]: requestId,
});
