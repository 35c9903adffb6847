import { readdirSync, readFileSync } from 'node:fs';

const MIGRATIONS = new URL('./migrations/', import.meta.url);

/** The SQL of every migration, in order; `user_version` counts those that a store has had. */
export const readMigrations = (): readonly string[] =>
  readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'));
