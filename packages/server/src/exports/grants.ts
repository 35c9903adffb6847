/** `@keyfob/server/grants`: what a grant is, and the pure decisions about its tokens. */
export { leastAgeMs, readNow, toMillis, toSeconds } from '../clock.ts';
export type { ClockDoubt, Millis, Now, Seconds, TimeContext } from '../clock.ts';
export type { CurrentGrant, Grant, Revocation, RevocationCause } from '../grants/grant.ts';
export { UNDOABLE_CAUSES } from '../grants/grant.ts';
export type { Vehicle } from '../grants/vehicle.ts';
export { assumesAnswer, changesNothing, mayLackToken } from '../grants/answered.ts';
export { applyVerdict } from '../grants/apply-verdict.ts';
export { judge } from '../grants/judge.ts';
export { hasEndedAccess } from '../grants/judge-access.ts';
export type { Presented, Verdict } from '../grants/judge.ts';
export { decideCode } from '../grants/decide-code.ts';
export { decideCreation } from '../grants/decide-creation.ts';
export { decideRefresh } from '../grants/decide-refresh.ts';
export type { ReplayContext } from '../grants/decide-refresh.ts';
export { decideReinstatement, decideRevocation } from '../grants/decide-revocation.ts';
export type { GrantChange } from '../grants/decide-revocation.ts';
export { decideVehicleData } from '../grants/decide-vehicle-data.ts';
export { decideDisconnection, decideSelection } from '../grants/decide-vehicles.ts';
export { decideWithdrawal, isSharedBy } from '../grants/decide-withdrawal.ts';
export type { Sharing, Withdrawal } from '../grants/decide-withdrawal.ts';
export type { ReplayRecord } from '../grants/replay.ts';
export { ROTATIONS_MAX } from '../grants/rotation-history.ts';
export { hasEndedBefore, standingOf, STATUSES } from '../grants/standing.ts';
export type { Standing, Status } from '../grants/standing.ts';
export { standingOfToken } from '../grants/token-standing.ts';
export type { TokenStanding } from '../grants/token-standing.ts';
export { issueTokens } from '../grants/issue.ts';
export type { TokenIssuer, TokenAnswer, TokenShapes } from '../grants/issue.ts';
export { CODE_KEPT_SECONDS, CODE_LIFETIME_SECONDS, CODE_RELOAD_SECONDS } from '../grants/code.ts';
export type { AuthorizationCode, CodeState } from '../grants/code.ts';
export { SESSION_KEPT_SECONDS } from '../grants/session-store.ts';
export {
  describeVehicleData,
  readVehicleData,
  summarizeVehicleData,
  writeVehicleData,
} from '../grants/vehicle-data.ts';
export type { VehicleData, VehicleDataDetail } from '../grants/vehicle-data.ts';
export { judgeCode } from '../grants/judge-code.ts';
export type { CodeVerdict, PresentedCode } from '../grants/judge-code.ts';
export { codeOf } from '../grants/device-store.ts';
export { decidePoll, decideSettlement } from '../grants/decide-device.ts';
export { DEVICE_CODE_LIFETIME_SECONDS, DEVICE_REPEAT_SECONDS } from '../grants/device-request.ts';
export type { DeviceRequest } from '../grants/device-request.ts';
export { compareImport } from '../grants/imported-grant.ts';
export type { ImportedGrant, ImportOutcome } from '../grants/imported-grant.ts';
