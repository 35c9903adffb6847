import type { Answer } from './contract.ts';

/** How often a refresh token of the world may be used. */
export type RotationRule = {
  readonly rotation: 'strict' | 'overlap' | 'until-used' | 'none';
  readonly overlapSeconds: number;
};

/** The moment at which a scenario kills the command. */
export type KillMoment =
  | 'request'
  | 'commit'
  | 'partial-answer'
  | 'answer'
  /** While it writes its state. */
  | 'storing'
  /** While it prints: its output is full, so that a program that waits for it goes no further. */
  | 'print'
  /** As soon as the token is there. */
  | 'exit';

/** Whether a careful command has stored the answer at that moment. At the others no command can have done so. */
export const hasStoredAt = (moment: KillMoment): boolean =>
  moment === 'storing' || moment === 'print' || moment === 'exit';

/** A request that the command sent to the token endpoint, and how it ended. */
export type Exchange = {
  readonly kind: 'exchange';
  /** The number of the need in which it was sent, from 0. */
  readonly need: number;
  readonly atMs: number;
  /** Real milliseconds since the need began. */
  readonly waitedMs: number;
  /** The generation of the refresh token that it presented; `undefined` if that is no token of this grant. */
  readonly presented: number | undefined;
  /** What the server decided; `unjudged` if a fault, a bad request or a wrong secret kept it from looking at the token. */
  readonly verdict: 'rotate' | 'repeat' | 'resync' | 'refuse' | 'replay' | 'unjudged';
  /** The generation of the refresh token in the answer that the server made. */
  readonly issued: number | undefined;
  /** How much of that answer reached the command. */
  readonly reached: 'all' | 'part' | 'nothing';
  /** Status of the answer as it was sent; `undefined` if none was sent. */
  readonly status: number | undefined;
  /** The moment before which the answer asked for silence (`Retry-After`). */
  readonly silentUntilMs: number | undefined;
  /** Whether the server revoked the grant because of it. */
  readonly hasRevoked: boolean;
};

/** Somebody needed an access token, and the command was run: once, or several times at once. */
export type Need = {
  readonly kind: 'need';
  readonly need: number;
  /** When the runs had ended. */
  readonly atMs: number;
  readonly answers: readonly Answer[];
  readonly killedAt: KillMoment | undefined;
  /** Whether a request that was repeated in this need would have been answered: no fault was left. */
  readonly couldRepeat: boolean;
  /** Seconds for which the access token that the command had before this need was still good; 0 if it was not. */
  readonly hadSeconds: number;
};

/** What happened to the grant of a scenario, in order. */
export type HistoryEvent =
  | Exchange
  | Need
  /** The state folder is again what it was after this need. */
  | { readonly kind: 'rolled_back'; readonly atMs: number; readonly toNeed: number }
  /** The grant ended, or its current token went to somebody else, and the command has no part in it. */
  | { readonly kind: 'ended'; readonly atMs: number; readonly by: 'owner' | 'age' | 'thief' }
  /** The client's secret and tokens were sent to a host to which a redirect led. */
  | { readonly kind: 'leaked'; readonly need: number; readonly atMs: number };

/** All that the judge of a scenario reads. */
export type History = { readonly rule: RotationRule; readonly events: readonly HistoryEvent[] };

/** Whether the event is a refresh that the server carried out. */
export const isRefresh = (event: HistoryEvent): event is Exchange =>
  event.kind === 'exchange' && (event.verdict === 'rotate' || event.verdict === 'resync');
