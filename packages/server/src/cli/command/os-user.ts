import { userInfo } from 'node:os';
import type { Operator } from '../../exports/operators.ts';

/** Who runs a command: the OS user, and the one that `sudo` began with. Who can open the store is an administrator. */
export const osOperator = (environment: Readonly<Record<string, string | undefined>>): Operator => {
  const name = readUserName();
  const before = environment['SUDO_USER'];
  const shown = before === undefined || before === name ? name : `${before} as ${name}`;
  return { kind: 'command', id: name, name: shown, role: 'admin' };
};

/** A container may run a user that its system does not know. */
const readUserName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};
