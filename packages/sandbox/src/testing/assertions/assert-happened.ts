import type { ArmedFault } from '../fault.ts';
import { SandboxAssertionError } from './sandbox-assertion-error.ts';

/** The fault happened, `times` often if that is given. Without it a test whose code never met its fault would pass. */
export const assertHappened = async (fault: Pick<ArmedFault, 'read'>, times?: number): Promise<void> => {
  const { id, fired, seen, do: action } = await fault.read();
  if (times === undefined ? fired > 0 : fired === times) return;
  const wanted = times === undefined ? '' : `, and not ${times} times`;
  throw new SandboxAssertionError(
    `The fault ${id} (${Object.keys(action)[0] ?? ''}) happened ${fired} times${wanted}: ` +
      `${seen} requests fitted its endpoint, client and grant.`,
  );
};
