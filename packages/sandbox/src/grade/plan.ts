import type { Dialect } from '@keyfob/server/dialects';
import type { NewFault } from '../faults/fault.ts';
import type { KillMoment } from './history.ts';
import type { GradedDialect, SpanName } from './spans.ts';

/** Something that is done to the grant, the client or the server while the command is not running. */
export type Act =
  /** The owner ends the grant. */
  | 'revoke'
  /** Somebody else uses the newest refresh token. */
  | 'steal'
  /** Nobody needed a token until the refresh token had expired. */
  | 'outlive'
  /** The owner takes back one of two vehicles; the grant goes on. */
  | 'withdraw_one'
  /** A vendor whose refresh token never changed begins to exchange it. */
  | 'start_rotating'
  /** The client's secret is replaced, and the command does not know yet. */
  | 'roll_secret'
  /** The command learns the new secret. */
  | 'hand_over_secret'
  | 'save_server'
  /** The server is put back to the moment when it was saved: it has lost its newest writes. */
  | 'restore_server'
  | 'save_state'
  /** The state folder of the command is put back to the moment when it was saved. */
  | 'restore_state';

/** One step of a graded scenario. */
export type Step =
  | {
      readonly do: 'need';
      /** How many callers need a token at the same moment; 1 if absent. */
      readonly callers?: number;
      readonly kill?: KillMoment;
    }
  | { readonly do: 'wait'; readonly span: SpanName }
  | { readonly do: 'arm'; readonly fault: Plannable }
  | { readonly do: 'disarm' }
  | { readonly do: 'act'; readonly act: Act };

/** A fault; `redirect` to `elsewhere` is to a host of the grade, which notes what reaches it. */
export type Plannable = NewFault | { readonly elsewhere: true };

/** A graded scenario: data. */
export type Plan = {
  readonly name: string;
  /** What happens, in a sentence for the scorecard. */
  readonly title: string;
  /** Whether it can happen at a vendor; absent where it can at every one. */
  readonly isFor?: (dialect: Dialect) => boolean;
  /** Fields of the client's policy that differ from the vendor's page. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Why it cannot be run in real time; absent where it can. */
  readonly notInRealTime?: string;
  /** By how much the clock of the command is ahead of the world's; negative where it is behind. */
  readonly clockSkewSeconds?: number;
  readonly steps: (context: PlanContext) => readonly Step[];
};

/** What the steps of a scenario depend on. */
export type PlanContext = {
  readonly dialect: GradedDialect;
  /** The `Retry-After` of the scenarios that ask for patience. */
  readonly pauseSeconds: number;
};

export const need: Step = { do: 'need' };
export const disarm: Step = { do: 'disarm' };
export const wait = (span: SpanName): Step => ({ do: 'wait', span });
export const arm = (fault: Plannable): Step => ({ do: 'arm', fault });
export const act = (name: Act): Step => ({ do: 'act', act: name });

/** The command stores its first tokens, and the first access token expires. */
export const BEGIN: readonly Step[] = [need, wait('pastAccess')];

/** Nothing is in the way any more: twice soon, and once more when the next access token has expired. */
export const GO_ON: readonly Step[] = [
  disarm,
  wait('shortly'),
  need,
  wait('shortly'),
  need,
  wait('pastAccess'),
  need,
];
