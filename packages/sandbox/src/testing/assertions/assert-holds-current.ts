import type { Holds } from '../world-state.ts';
import { describeRequests } from './describe-requests.ts';
import { readRefreshes } from './refresh-requests.ts';
import type { ReadableWorld } from './refresh-requests.ts';
import { SandboxAssertionError } from './sandbox-assertion-error.ts';

/**
 * The refresh token is the one that its client should hold now: it is the newest that the server made, and it is alive. Give what
 * the code under test has stored. Has no effect on the world.
 */
export const assertHoldsCurrent = async (
  world: ReadableWorld,
  refreshToken: string | null | undefined,
): Promise<void> => {
  if (typeof refreshToken !== 'string' || refreshToken === '')
    throw new SandboxAssertionError(
      `The code holds no refresh token: it gave ${JSON.stringify(refreshToken) ?? 'undefined'}.`,
    );
  const holds = await world.holds(refreshToken);
  if (holds.kind === 'refresh_token' && holds.current && holds.wouldBe === 'rotate') return;
  const requests = await readRefreshes(world, holds.grant === null ? {} : { grant: holds.grant });
  throw new SandboxAssertionError(`${describeHeld(holds)}${describeRequests(requests)}`);
};

const describeHeld = ({ kind, grant, generation, currentGeneration, wouldBe, because }: Holds): string => {
  if (kind === 'unknown') return 'What the code holds is no token of this world.';
  if (kind !== 'refresh_token')
    return `What the code holds is not a refresh token, but the ${kind.replace('_', ' ')} of ${grant}.`;
  const held = `${grant}/${generation}`;
  const what =
    generation === currentGeneration
      ? `The code holds ${held}, the newest refresh token of ${grant}, but it is dead.`
      : `The code holds ${held}, but the current refresh token is ${grant}/${currentGeneration}.`;
  return `${what}\nPresenting it would be: ${wouldBe}. ${because}`;
};
