import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { OperatorError } from '../errors.ts';
import type { KeySource } from './key-source.ts';

const COMMAND_TIMEOUT_MS = 10_000;
/** A ring of 64 keys has at most 5 KiB; comments may be longer. */
const RING_MAX_BYTES = 64 * 1024;

/**
 * A ring that a command prints, such as the client of a secret manager. The shell runs it, with the environment of this
 * process. An error says nothing of what it printed, which may be a part of a key.
 */
export const keyCommandSource = (command: string): KeySource => ({
  name: 'KEYFOB_KEY_COMMAND',
  async read() {
    try {
      const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: RING_MAX_BYTES, windowsHide: true };
      return (await promisify(exec)(command, options)).stdout;
    } catch (error) {
      throw new OperatorError(
        'key_command_failed',
        `KEYFOB_KEY_COMMAND: ${describeFailure(error as FailedCommand)}`,
        'Run the command in a shell to see what is wrong: it must print the key ring and end with 0 within 10 seconds.',
      );
    }
  },
});

type FailedCommand = { readonly code?: unknown; readonly killed?: boolean; readonly signal?: unknown };

const describeFailure = ({ code, killed = false, signal }: FailedCommand): string => {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `the command printed more than ${RING_MAX_BYTES} bytes`;
  if (killed) return 'the command did not end within 10 seconds';
  if (typeof code === 'number') return `the command ended with ${code}`;
  return typeof signal === 'string' ? `the command was ended by ${signal}` : 'the command cannot be run';
};
