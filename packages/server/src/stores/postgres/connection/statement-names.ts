import { hash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { SELECT_PID, SET_PLANS } from './engine.ts';
import { isUndone, sqlStateOf } from './errors.ts';

/**
 * The database has no statement of this name, or has it already, or can no longer use its plan: the pooler routed us to
 * another session, or the tables have changed. Nothing was done.
 */
const STALE_PLAN_STATES: ReadonlySet<string> = new Set(['26000', '42P05', '0A000']);

/** Which connections lead to one session of the database, and what a statement is called there. */
export type StatementNames = {
  /** To be called with every connection before its first use. */
  noticeSession(client: ClientBase): Promise<void>;
  /** `undefined` where the statement is to have no name. */
  nameFor(client: ClientBase, text: string): string | undefined;
  /** Whether a named statement failed because of its name. It is to be sent again; no statement gets a name from then on. */
  isStalePlan(error: unknown): boolean;
};

/**
 * Names for statements, so that a session plans each of them once: planning is most of what a small refresh costs a
 * database. A pooler in transaction mode may route each transaction to another session, so a statement gets a name only
 * where the process that answers is the one that opened the connection. If a pooler hides that, the first failure
 * ends the names. A name is a digest of the text, so another session has the same statement under it, or none.
 */
export const createStatementNames = (): StatementNames => {
  const names = new Map<string, string>();
  const sessions = new WeakSet<ClientBase>();
  let isOff = false;
  return {
    async noticeSession(client) {
      try {
        const { rows } = await client.query<{ readonly pid: number }>(SELECT_PID);
        const { processID } = client as ClientBase & { readonly processID?: number };
        if (rows[0]?.pid !== processID) return;
        await client.query(SET_PLANS);
        sessions.add(client);
      } catch (error) {
        // A database that only speaks the protocol may not know these settings, and goes without names.
        if (!isUndone(error)) throw error;
      }
    },
    nameFor(client, text) {
      if (isOff || !sessions.has(client)) return undefined;
      const known = names.get(text);
      if (known !== undefined) return known;
      const name = `keyfob_${hash('sha256', text).slice(0, 24)}`;
      names.set(text, name);
      return name;
    },
    isStalePlan(error) {
      // Even where names are off already: other statements were under way when the first one failed.
      if (!isUndone(error) || !STALE_PLAN_STATES.has(sqlStateOf(error) ?? '')) return false;
      isOff = true;
      return true;
    },
  };
};
