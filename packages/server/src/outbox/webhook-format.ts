import type { Millis } from '../clock.ts';
import type { GrantEvent, GrantEventKind } from './grant-event.ts';

/** How the messages of a webhook look. A dialect may declare one, beside the standard format. */
export type WebhookFormat = {
  readonly name: string;
  /** What it is, for the help of commands. */
  readonly help: string;
  /** The kinds of grant events that it can report. */
  readonly kinds: readonly GrantEventKind[];
  /** Those that a webhook gets where it does not choose. */
  readonly usualKinds: readonly GrantEventKind[];
  /** Whether messages are signed. */
  readonly isSigned: boolean;
  /** Whether a webhook needs a client, because a message does not say whose grant it is about. */
  readonly needsClient: boolean;
  /** The body for a grant event. */
  render(grantEvent: GrantEvent): object;
  /** The body of a message that only tries whether the receiver answers. */
  renderTest(webhookId: string, nowMs: Millis): object;
};
