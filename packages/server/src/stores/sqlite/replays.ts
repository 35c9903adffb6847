import type { DatabaseSync } from 'node:sqlite';
import type { Replay, ReplayRecord } from '../../grants/replay.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { CallerNames } from './callers.ts';
import { toReplay } from './rows.ts';

/** The last replay of each grant that ever had one. Writes run inside the open transaction. */
export const createReplayRecords = (database: DatabaseSync, callers: CallerNames) => {
  const sql = {
    selectReplay:
      database.prepare(`SELECT times, at_ms, generation, gap, since_rotation_ms, response, looks_like,
    caller, rotated_by FROM replays WHERE grant_id = ?`),
    recordReplay: database.prepare(`INSERT INTO replays
    (grant_id, times, at_ms, generation, gap, since_rotation_ms, response, looks_like, caller, rotated_by)
    VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (grant_id) DO UPDATE SET times = times + 1, at_ms = excluded.at_ms, generation = excluded.generation,
      gap = excluded.gap, since_rotation_ms = excluded.since_rotation_ms, response = excluded.response,
      looks_like = excluded.looks_like, caller = excluded.caller, rotated_by = excluded.rotated_by`),
  };
  return {
    write(id: GrantId, replay: Replay): void {
      const {
        atMs,
        generation,
        gap,
        sinceRotationMs = null,
        response,
        looksLike,
        caller,
        rotatedBy,
      } = replay;
      const by = [caller, rotatedBy].map((one) => (one === undefined ? null : callers.numberOf(one)));
      sql.recordReplay.run(id, atMs, generation, gap, sinceRotationMs, response, looksLike, ...by);
    },
    read(id: GrantId): ReplayRecord | undefined {
      const row = sql.selectReplay.get(id);
      return row === undefined ? undefined : toReplay(row, callers.callerOf);
    },
  };
};
