import type { ConsentVerbs } from '../consents.ts';
import { isKept, toConsent } from '../rows.ts';
import type { Put, PutResult } from '../store.ts';
import type { Connection } from './connection.ts';

/** A claim removes so many rows that have ended: the table does not wait for the housekeeping. */
const REMOVED_WITH_CLAIM = 8;

/** The states of consents that owners came back with. */
export const createConsentVerbs = ({ database, commits, nowMs }: Connection): ConsentVerbs => {
  const remove = database.prepare(
    `DELETE FROM consents WHERE digest IN (
      SELECT digest FROM consents WHERE ends_at_ms <= ? LIMIT ${REMOVED_WITH_CLAIM})`,
  );
  const read = database.prepare('SELECT * FROM consents WHERE digest = ?');
  const findLast = database.prepare('SELECT 1 FROM consents LIMIT 1 OFFSET ?');
  const claim = database.prepare(
    `INSERT INTO consents (digest, owner, lease_until_ms, ends_at_ms) VALUES (:digest, :owner, :now + :leaseMs, :now + :keepMs)
      ON CONFLICT (digest) DO UPDATE SET owner = excluded.owner, lease_until_ms = excluded.lease_until_ms
        WHERE outcome IS NULL AND sent_at_ms IS NULL AND lease_until_ms <= :now
      RETURNING *`,
  );
  const noteSent = database.prepare(
    `UPDATE consents SET sent_at_ms = :now, lease_until_ms = :now + :leaseMs
      WHERE digest = :digest AND owner = :owner AND outcome IS NULL`,
  );
  const end = database.prepare(
    'UPDATE consents SET outcome = ?, code = ? WHERE digest = ? AND owner = ? AND outcome IS NULL',
  );
  const release = database.prepare('DELETE FROM consents WHERE digest = ? AND owner = ? AND outcome IS NULL');
  return {
    claimConsent: ({ digest, owner, leaseMs, keepMs, rowsMax }) =>
      commits.run(() => {
        const now = nowMs();
        remove.run(now);
        if (read.get(digest) === undefined && findLast.get(rowsMax - 1) !== undefined) return undefined;
        const taken = claim.get({ digest, owner, now, leaseMs, keepMs });
        return { isTaken: taken !== undefined, consent: toConsent(taken ?? read.get(digest) ?? {}) };
      }),
    readConsent: (digest) =>
      commits.read(() => {
        const row = read.get(digest);
        return row === undefined ? undefined : toConsent(row);
      }),
    noteConsentSent: ({ digest, owner }, leaseMs) =>
      commits.run(() => noteSent.run({ digest, owner, leaseMs, now: nowMs() }).changes > 0),
    endConsent: ({ digest, owner }, outcome, code) =>
      commits.run(() => void end.run(outcome, code, digest, owner)),
    releaseConsent: ({ digest, owner }) => commits.run(() => void release.run(digest, owner)),
  };
};

/** Ends the consent that brought a pair, inside the transaction that keeps it. */
export const createConsentEnd = ({
  database,
}: Pick<Connection, 'database'>): ((put: Put, result: PutResult) => PutResult) => {
  const end = database.prepare("UPDATE consents SET outcome = 'connected', code = 'ok' WHERE digest = ?");
  return (put, result) => {
    if (put.consent !== undefined && isKept(result)) end.run(put.consent);
    return result;
  };
};
