import type { ClientBase } from 'pg';
import type { Millis } from '../../time.ts';
import type { Row } from '../rows.ts';
import { toPositional } from './named-values.ts';
import type { NamedValues } from './named-values.ts';

/** Sends one statement with `:name` for each value. */
export type Query = (statement: string, values?: NamedValues) => Promise<readonly Row[]>;

/** The driver waits a little longer than the database, whose refusal leaves the connection whole. */
const DRIVER_EXTRA_MS = 500;

/** The driver has a time limit per statement, though its types do not say so. */
export const driverLimit = (timeoutMs: Millis): object => ({ query_timeout: timeoutMs + DRIVER_EXTRA_MS });

/** Sends one statement. Throws what the driver throws. */
export const send = async (
  client: ClientBase,
  statement: string,
  values: NamedValues,
  timeoutMs: Millis,
): Promise<readonly Row[]> => {
  const positional = toPositional(statement, values);
  return (await client.query<Record<string, never>>({ ...driverLimit(timeoutMs), ...positional })).rows;
};
