export { connectSandbox } from './connect-sandbox.ts';
export type { Sandbox } from './connect-sandbox.ts';
export type { StartOptions } from './start-sandbox.ts';
export { SandboxProblem } from './sandbox-problem.ts';
export type { ClientName, SdkName, World } from './world.ts';
export type { ClockOptions, PolicyChange, WorldOptions } from './world-options.ts';
export type { WorldClock } from './world-clock.ts';
export type { WorldFaults } from './world-faults.ts';
export type {
  ArmedFault,
  CommitSide,
  FaultAction,
  FaultOccasion,
  FaultState,
  FaultTarget,
  Loss,
  MadeUpAnswer,
  NewFault,
} from './fault.ts';
export type { NewGrant, StolenPair, WorldGrant } from './world-grant.ts';
export type { ScenarioOptions, StartedScenario } from './started-scenario.ts';
export type { GrantReference } from './grant-reference.ts';
export type { RequestFilter, RequestWait } from './world-requests.ts';
export type { Duration } from './duration.ts';
export type { Moment } from './moment.ts';
export type {
  Advanced,
  ClockState,
  GrantState,
  Happening,
  Holds,
  WorldClient,
  WorldRequest,
} from './world-state.ts';
export { assertBackedOff } from './assertions/assert-backed-off.ts';
export type { BackOffRule } from './assertions/assert-backed-off.ts';
export { assertHappened } from './assertions/assert-happened.ts';
export { assertHoldsCurrent } from './assertions/assert-holds-current.ts';
export { assertNeverReused } from './assertions/assert-never-reused.ts';
export { assertRefreshedOnce } from './assertions/assert-refreshed-once.ts';
export type { RefreshFilter } from './assertions/refresh-requests.ts';
export { SandboxAssertionError } from './assertions/sandbox-assertion-error.ts';
