/** `@keyfob/server/grants`: what a grant is, and the pure decisions about its tokens. */
export { toSeconds } from '../clock.ts';
export type { Grant, Revocation, RevocationCause } from '../grants/grant.ts';
export type { Vehicle } from '../grants/vehicle.ts';
export { applyVerdict } from '../grants/apply-verdict.ts';
export { judge } from '../grants/judge.ts';
export type { Presented, Verdict } from '../grants/judge.ts';
export { decideCode } from '../grants/decide-code.ts';
export { decideRefresh, eventsOfReplay } from '../grants/decide-refresh.ts';
export { decideReinstatement, decideRevocation } from '../grants/decide-revocation.ts';
export type { GrantChange } from '../grants/decide-revocation.ts';
export { decideDisconnection, decideSelection } from '../grants/decide-vehicles.ts';
export type { ReplayRecord } from '../grants/replay.ts';
export { ROTATIONS_MAX } from '../grants/rotation-history.ts';
export { hasEndedBefore, standingOf } from '../grants/standing.ts';
export type { Standing } from '../grants/standing.ts';
export { issueTokens } from '../grants/issue.ts';
export type { Minting, TokenAnswer, TokenShapes } from '../grants/issue.ts';
export { CODE_KEPT_SECONDS, CODE_LIFETIME_SECONDS, judgeCode } from '../grants/authorization-code.ts';
export type {
  AuthorizationCode,
  CodeState,
  CodeVerdict,
  PresentedCode,
} from '../grants/authorization-code.ts';
export { eventOfCreation } from '../grants/grant-events.ts';
export { compareImport } from '../grants/imported-grant.ts';
export type { ImportedGrant, ImportOutcome } from '../grants/imported-grant.ts';
