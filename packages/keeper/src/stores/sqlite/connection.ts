import type { DatabaseSync } from 'node:sqlite';
import type { Millis } from '../../time.ts';
import type { StoreClock } from './clock.ts';
import type { LinkBinder } from '../links.ts';
import type { Commits } from './commits.ts';

/** What the verbs of one open file share. */
export type Connection = {
  readonly database: DatabaseSync;
  readonly commits: Commits;
  readonly nowMs: () => Millis;
  readonly clock: StoreClock;
  readonly links: LinkBinder;
};
