/** What became of the grant of a scenario. */
export type Outcome = 'kept' | 'lost_avoidably' | 'lost_unavoidably';

/** What the command did wrong, whether or not it cost the grant. */
export type FindingKind =
  | 'asked_needlessly'
  | 'reused_old_token'
  | 'hammered'
  | 'unusable_token'
  | 'never_asked'
  | 'hung'
  | 'leaked_secret';

/** Why a grant was lost although a better command would have kept it. */
export type AvoidableCause =
  | 'replayed'
  | 'not_stored'
  | 'stored_too_late'
  | 'state_torn'
  | 'not_repeated'
  | 'asked_needlessly'
  | 'hangs'
  | 'stuck_after_kill'
  | 'prints_unusable'
  | 'fails'
  | 'gave_up'
  | 'keeps_failing'
  | 'rejects_answers';

/** One thing that the command did wrong, and in which need. */
export type Finding = { readonly kind: FindingKind; readonly need: number; readonly advice: string };

/** The judgement of a scenario. */
export type Judgement = {
  readonly outcome: Outcome;
  /** What happened, in a sentence. */
  readonly because: string;
  /** What to change; absent where nothing is to be changed. */
  readonly advice: string | undefined;
  readonly findings: readonly Finding[];
  /** How often it refreshed although it had a token that was good for longer. No fault; each refresh is a risk. */
  readonly needlessRefreshes: number;
};

/**
 * Whether a scenario counts as failed: the grant is lost and need not have been, or the owner was asked for nothing, which
 * costs the same.
 */
export const isFailed = ({ outcome, findings }: Pick<Judgement, 'outcome' | 'findings'>): boolean =>
  outcome === 'lost_avoidably' || findings.some(({ kind }) => kind === 'asked_needlessly');

/** Whether there is nothing to improve. */
export const isFlawless = (judgement: Pick<Judgement, 'outcome' | 'findings'>): boolean =>
  !isFailed(judgement) && judgement.findings.length === 0;
