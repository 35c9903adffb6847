import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which everything that a run has started is known, also what has left its process group. */
const NAME = 'KEYFOB_RUN';
/** A process may start another one while it is looked for. */
const ROUNDS_MAX = 5;

/** Marks a run: the variable that it gets. */
export const markRun = (): Readonly<Record<string, string>> => ({ [NAME]: randomUUID() });

/**
 * Kills every process that has the mark of a run in its environment: a daemon has left the group, and would go on with the tokens
 * of a world that is over. Linux only; elsewhere, and for a process that has cleared its environment, nothing happens.
 */
export const endEscaped = (mark: Readonly<Record<string, string>>): void => {
  if (process.platform !== 'linux') return;
  const wanted = `${NAME}=${mark[NAME] ?? ''}\0`;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = listProcesses().filter((id) => hasMark(id, wanted));
    if (found.length === 0) return;
    for (const id of found) kill(id);
  }
};

const listProcesses = (): readonly string[] => {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

const hasMark = (id: string, wanted: string): boolean => {
  try {
    return readFileSync(`/proc/${id}/environ`, 'latin1').includes(wanted);
  } catch {
    // It has ended, or belongs to somebody else.
    return false;
  }
};

const kill = (id: string): void => {
  try {
    process.kill(Number(id), 'SIGKILL');
  } catch {
    // It has ended at this moment.
  }
};
