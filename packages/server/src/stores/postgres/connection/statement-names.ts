import { hash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { isUndone, sqlStateOf } from './errors.ts';

/**
 * The database has no statement of this name, or has it already, or cannot go on with its plan: whoever asked was led to
 * another session than before, or the tables have changed. Nothing was done.
 */
const BLAMES: ReadonlySet<string> = new Set(['26000', '42P05', '0A000']);

/** The process that answers; other than the one that the connection was told of at its start, where a pooler told. */
const WHO = 'SELECT pg_backend_pid() AS pid';

/**
 * A plan is kept for as long as its connection, and so must suit tables that were empty when it was made: every one of
 * ours goes by an index. None of it is worth compiling.
 */
const SETTINGS = 'SET enable_seqscan = off; SET jit = off';

/** Which connections lead to one session of the database, and what a statement is called there. */
export type StatementNames = {
  /** To be told of every connection before it is used. */
  noticeSession(client: ClientBase): Promise<void>;
  /** `undefined` where the statement is to have no name. */
  nameFor(client: ClientBase, text: string): string | undefined;
  /** Whether a statement that had a name failed because of it. It is to be asked again, and none gets a name after that. */
  isToBlame(error: unknown): boolean;
};

/**
 * Names for statements, so that a session plans each of them once: planning is most of what a small refresh costs a
 * database. A pooler in transaction mode may lead each transaction to another session, so a statement gets a name only
 * where the very process that answers is the one that greeted the connection. Should a pooler hide that, the first
 * failure ends it: the name is a digest of the text, so another session has the same statement under it or none.
 */
export const createStatementNames = (): StatementNames => {
  const names = new Map<string, string>();
  const sessions = new WeakSet<ClientBase>();
  let isOff = false;
  return {
    async noticeSession(client) {
      try {
        const { rows } = await client.query<{ readonly pid: number }>(WHO);
        const { processID } = client as ClientBase & { readonly processID?: number };
        if (rows[0]?.pid !== processID) return;
        await client.query(SETTINGS);
        sessions.add(client);
      } catch (error) {
        // A database that only speaks the protocol may know nothing of these, and goes without names.
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
    isToBlame(error) {
      // Even where names are off already: others were under way when the first was led astray.
      if (!isUndone(error) || !BLAMES.has(sqlStateOf(error) ?? '')) return false;
      isOff = true;
      return true;
    },
  };
};
