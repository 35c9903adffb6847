import type { ConsentVerbs } from '../consents.ts';
import { toConsent } from '../rows.ts';
import type { Connections } from './connections.ts';
import { NOW } from './schema.ts';

// A claim removes some rows that have ended: the table does not wait for the housekeeping.
const REMOVE = `DELETE FROM keeper_consents WHERE digest IN (
  SELECT digest FROM keeper_consents WHERE ends_at_ms <= ${NOW} LIMIT 8 FOR UPDATE SKIP LOCKED)`;
const READ = 'SELECT * FROM keeper_consents WHERE digest = :digest';
const FIND_LAST = 'SELECT 1 AS found FROM keeper_consents LIMIT 1 OFFSET :offset';
const CLAIM = `INSERT INTO keeper_consents AS c (digest, owner, lease_until_ms, ends_at_ms)
  VALUES (:digest, :owner, ${NOW} + :leaseMs::bigint, ${NOW} + :keepMs::bigint)
  ON CONFLICT (digest) DO UPDATE SET owner = excluded.owner, lease_until_ms = excluded.lease_until_ms
    WHERE c.outcome IS NULL AND c.sent_at_ms IS NULL AND c.lease_until_ms <= ${NOW}
  RETURNING *`;
const NOTE_SENT = `UPDATE keeper_consents SET sent_at_ms = ${NOW}, lease_until_ms = ${NOW} + :leaseMs::bigint
  WHERE digest = :digest AND owner = :owner AND outcome IS NULL RETURNING 1`;
const END = `UPDATE keeper_consents SET outcome = :outcome, code = :code
  WHERE digest = :digest AND owner = :owner AND outcome IS NULL`;
const RELEASE = 'DELETE FROM keeper_consents WHERE digest = :digest AND owner = :owner AND outcome IS NULL';

/** The states of consents that owners came back with. */
export const createConsentVerbs = ({ read, write, transact }: Connections): ConsentVerbs => ({
  claimConsent: ({ digest, owner, leaseMs, keepMs, rowsMax }) =>
    transact(async (query) => {
      await query(REMOVE);
      const [known] = await query(READ, { digest });
      if (known === undefined && (await query(FIND_LAST, { offset: rowsMax - 1 })).length > 0)
        return undefined;
      const [taken] = await query(CLAIM, { digest, owner, leaseMs, keepMs });
      if (taken !== undefined) return { isTaken: true, consent: toConsent(taken) };
      const [held] = await query(READ, { digest });
      return { isTaken: false, consent: toConsent(held ?? known ?? {}) };
    }),
  async readConsent(digest) {
    const [row] = await read(READ, { digest });
    return row === undefined ? undefined : toConsent(row);
  },
  noteConsentSent: async ({ digest, owner }, leaseMs) =>
    (await write(NOTE_SENT, { digest, owner, leaseMs })).length > 0,
  async endConsent({ digest, owner }, outcome, code) {
    await write(END, { digest, owner, outcome, code });
  },
  async releaseConsent({ digest, owner }) {
    await write(RELEASE, { digest, owner });
  },
});
