import type { PostgresOptions } from '@keyfob/server/stores/postgres';

/** Limits that no slow machine reaches, for trials of anything but the waiting itself. */
export const PATIENT: NonNullable<PostgresOptions['limits']> = {
  connectTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
};
