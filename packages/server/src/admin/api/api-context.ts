import type { Millis } from '../../clock.ts';
import type { Emit, LogEvent } from '../../log-event.ts';
import type { OperationContext } from '../../operations/context.ts';
import type { WritableKeys } from '../../operations/rotate-keys.ts';
import type { ServerExamined } from '../../operations/doctor/finding.ts';
import type { RunningNode } from '../../operators/running-node.ts';
import type { Readiness } from '../readiness.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import type { Jobs } from './jobs.ts';
import type { ApiLimits } from './limits.ts';

/** What a follower of log events gets. */
export type FollowLog = (take: (event: LogEvent, atMs: Millis) => void) => () => void;

/** What the admin API works with. */
export type ApiContext = OperationContext & {
  readonly keys: WritableKeys;
  /** Gets the keys that the store knows; answers whether the ring lacks one of them. */
  readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
  /** Follows the log events of this process; the answer ends it. */
  readonly follow: FollowLog;
  readonly jobs: Jobs;
  readonly limits: ApiLimits;
  readonly readiness: () => Promise<Readiness>;
  /** Checks the deployment of this process. */
  readonly examine: () => Promise<ServerExamined>;
  /** Adds to the store what this process counted of refusals and replays. */
  readonly settleTroubles: () => Promise<void>;
  /** What this process says of itself; `undefined` before it serves requests. */
  readonly node: () => RunningNode | undefined;
  readonly emit: Emit;
  /** How many days grant events are kept. */
  readonly grantEventDays: number;
  /** Whether browsers come by https (`adminPublicUrl`). */
  readonly isSecure: boolean;
};
