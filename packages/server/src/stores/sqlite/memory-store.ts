import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { UNKNOWN } from '../../grants/rotation-history.ts';
import type { Store } from '../../grants/store.ts';
import type { Millis } from '../../clock.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { Checkpoints } from './checkpoints.ts';
import { connect } from './connect.ts';
import { IN_MEMORY, openDatabase } from './database.ts';
import { packRotations, unpackRotations } from './packed-rotations.ts';
import { createStore } from './store.ts';

/** A store in the memory of this process, gone with it. For tests, and for what embeds a server that forgets. */
export type MemoryStore = Store & {
  /** All that is committed, for `openMemoryStore`: a server that goes on from it has lost what came later. */
  copyContent(): Uint8Array;
  /**
   * Moves everything that happened to a grant into the past: its creation, its rotations and its revocation. So one grant
   * can be older than its store. Answers whether there is such a grant.
   */
  backdateGrant(id: GrantId, byMs: Millis): boolean;
};

/**
 * Opens a store in memory: empty, or with the content of another. It decides as the embedded store does; only the disk is
 * missing. Opening one takes a few milliseconds. Throws `StoreError` for content that no store of this version wrote.
 */
export const openMemoryStore = (
  options: { readonly content?: Uint8Array; readonly onDeliveries?: () => void } = {},
): MemoryStore => {
  const empty = (template ??= createTemplate());
  const database = connect(IN_MEMORY);
  try {
    database.deserialize(options.content ?? empty.content);
    if (readSchema(database) !== empty.schema) throw new Error('it is that of another version');
  } catch (error) {
    database.close();
    throw new StoreError('unavailable', 'the content of the store cannot be read', { cause: error });
  }
  database.exec('PRAGMA foreign_keys = ON');
  const store = createStore(database, NO_CHECKPOINTS, options);
  return {
    ...store,
    copyContent: () => database.serialize(),
    backdateGrant(id, byMs) {
      const row = database.prepare('SELECT rotations FROM grants WHERE id = ?').get(id);
      if (row === undefined) return false;
      const rotatedAtMs = unpackRotations(row['rotations']).map((atMs) =>
        atMs === UNKNOWN ? UNKNOWN : atMs - byMs,
      );
      database
        .prepare(
          `UPDATE grants SET created_at_ms = created_at_ms - $byMs, revoked_at_ms = revoked_at_ms - $byMs,
            rotations = $rotations WHERE id = $id`,
        )
        .run({ id, byMs, rotations: packRotations(rotatedAtMs) });
      return true;
    },
  };
};

/** An empty store of the newest schema. Its migrations take longer than all the rest, so they run once. */
type Template = { readonly content: Uint8Array; readonly schema: number };
let template: Template | undefined;

const createTemplate = (): Template => {
  const database = openDatabase(IN_MEMORY, { lockTimeoutMs: 0 });
  const created = { content: database.serialize(), schema: readSchema(database) };
  database.close();
  return created;
};

const readSchema = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version']);

/** Memory has no log to move pages from. */
const NO_CHECKPOINTS: Checkpoints = { noteCommit() {}, stop: () => Promise.resolve() };
