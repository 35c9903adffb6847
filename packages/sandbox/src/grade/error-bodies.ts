import { dialectOf, Refusal } from '@keyfob/server/dialects';
import type { GradedDialect } from './spans.ts';

/** Why the server refuses a client where a scenario answers in its place. */
const REASONS = {
  dead: 'unknown',
  rate_limited: 'throttled',
  switched_off: 'client_not_permitted',
} as const;

/** Errors that a scenario answers itself. */
export type ErrorName = keyof typeof REASONS;

const EXCHANGE = {
  requestId: '00000000-0000-4000-8000-000000000000',
  nowMs: Date.parse('2026-01-01T00:00:00Z'),
};

/** The body of an error in the form of a dialect, as JSON. */
export const errorBody = (dialect: GradedDialect, name: ErrorName): string => {
  const { renderRefusal, defaultPolicy } = dialectOf({ id: name, dialect });
  return renderRefusal(new Refusal(REASONS[name]), defaultPolicy, EXCHANGE).body;
};
