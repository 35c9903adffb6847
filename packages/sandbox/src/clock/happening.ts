import type { Millis } from '@keyfob/server/grants';

/** What time alone can bring. */
export const HAPPENINGS = [
  'access_token_expired',
  'refresh_token_expired',
  'grant_expired',
  /** A used predecessor may no longer be repeated. */
  'overlap_ended',
  'secret_expired',
  'webhook_delivered',
  'webhook_failed',
  'webhook_given_up',
  /** An answer that a fault had delayed was sent. */
  'answer_released',
] as const;

/** Something that happened because the clock came to its moment. */
export type Happening = {
  readonly atMs: Millis;
  readonly kind: (typeof HAPPENINGS)[number];
  readonly grant?: string;
  readonly client?: string;
  /** What it is about, in a sentence. */
  readonly says: string;
};
