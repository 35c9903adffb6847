import type { ClientEvent, GrantEvent } from '../grants/events.ts';
import type { Millis } from '../time.ts';

/** An event, as it waits for its listeners. */
export type StoredEvent = {
  readonly id: string;
  readonly atMs: Millis;
  readonly event: GrantEvent | ClientEvent;
  /** The connections of its grant, at the moment of reading; empty for an event of a client. */
  readonly connections: readonly string[];
  readonly grantId: string | undefined;
};

/** What is delivered in order: the events of one grant, or of one client. */
export const laneOf = ({ grantId, event }: StoredEvent): string =>
  grantId ?? ('client' in event ? `client ${event.client}` : '');
