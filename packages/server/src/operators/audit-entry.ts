import type { Sentence } from '../language.ts';
import { hash } from 'node:crypto';
import type { Millis } from '../clock.ts';
import { OPERATOR_KINDS } from './operator.ts';
import type { OperatorKind } from './operator.ts';

/** `asked`: recorded before it was done; `not_done`: what was asked before did not take place; `seen`: a look. */
export const AUDIT_OUTCOMES = ['asked', 'not_done', 'seen'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Something that an operator did or looked at. Nothing in it is a secret, and it names owners by their grants. */
export type NewAuditEntry = {
  readonly atMs: Millis;
  readonly operator: {
    readonly kind: OperatorKind;
    readonly id: string;
    readonly name: string;
    /** Empty for a command. */
    readonly role: string;
  };
  /** As in `grant.revoke`. */
  readonly action: string;
  /** As in `grant:5f0c6a9de01b42ff`; empty where there is none. */
  readonly target: string;
  readonly reason: string;
  /** Of the request; empty for a command. */
  readonly requestId: string;
  readonly outcome: AuditOutcome;
  /** A JSON object: what was changed, without secrets. */
  readonly details: string;
};

/** An entry of the audit log. It has the hash of the entry before it, so that none can be changed or taken out unnoticed. */
export type AuditEntry = NewAuditEntry & {
  /** 1, 2, 3, without a gap. */
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
};

/** The newest entry. */
export type AuditHead = Pick<AuditEntry, 'sequence' | 'hash'>;

/** Before the first entry. */
export const NO_ENTRY: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

/** SHA-256 over the previous hash and every member, as a JSON array in a fixed order. */
export const hashEntry = (entry: Omit<AuditEntry, 'hash'>): string => {
  const { operator } = entry;
  const members = [
    entry.sequence,
    entry.previousHash,
    entry.atMs,
    operator.kind,
    operator.id,
    operator.name,
    operator.role,
    entry.action,
    entry.target,
    entry.reason,
    entry.requestId,
    entry.outcome,
    entry.details,
  ];
  return hash('sha256', JSON.stringify(members), 'hex');
};

/** The entry that follows `head`. */
export const chainEntry = (head: AuditHead, entry: NewAuditEntry): AuditEntry => {
  const chained = { ...entry, sequence: head.sequence + 1, previousHash: head.hash };
  return { ...chained, hash: hashEntry(chained) };
};

/** What is wrong with an entry that should follow `head`; `undefined` for nothing. */
export const faultOfEntry = (head: AuditHead, entry: AuditEntry): Sentence | undefined => {
  if (entry.sequence !== head.sequence + 1)
    return {
      en: `entry ${head.sequence + 1} is missing: entry ${entry.sequence} follows entry ${head.sequence}`,
      ko: `${head.sequence + 1}번 항목이 없습니다. ${head.sequence}번 다음이 ${entry.sequence}번입니다.`,
    };
  if (entry.previousHash !== head.hash)
    return {
      en: `entry ${entry.sequence} does not continue entry ${head.sequence}`,
      ko: `${entry.sequence}번 항목이 ${head.sequence}번 항목에서 이어지지 않습니다.`,
    };
  if (entry.hash !== hashEntry(entry))
    return { en: `entry ${entry.sequence} was changed`, ko: `${entry.sequence}번 항목이 바뀌었습니다.` };
  return undefined;
};

/** What an entry is about, as in `grant:ID`: its target, and the grants that a search showed. Each once. */
export const targetsOf = ({ target, details }: Pick<AuditEntry, 'target' | 'details'>): readonly string[] => {
  const read = parseDetails(details);
  const grants = typeof read === 'object' && read !== null && 'grants' in read ? read.grants : undefined;
  const shown = Array.isArray(grants) ? grants.filter((one) => typeof one === 'string') : [];
  return [...new Set([target, ...shown.map((id) => `grant:${id}`)])].filter((one) => one !== '');
};

/** The columns of an entry as a store writes them, in this order. */
export const entryValues = (entry: AuditEntry): readonly (string | number)[] => [
  entry.sequence,
  entry.atMs,
  entry.operator.kind,
  entry.operator.id,
  entry.operator.name,
  entry.operator.role,
  entry.action,
  entry.target,
  entry.reason,
  entry.requestId,
  entry.outcome,
  entry.details,
  entry.previousHash,
  entry.hash,
];

export const ENTRY_COLUMNS =
  'sequence, at_ms, operator_kind, operator_id, operator_name, operator_role, action, target, reason, request_id, outcome, details, previous_hash, hash';

/** An entry from its row. What is not as it was written is kept as it is: the chain shows it. */
export const toEntry = (row: Readonly<Record<string, unknown>>): AuditEntry => ({
  sequence: Number(row['sequence']),
  atMs: Number(row['at_ms']),
  operator: {
    kind: OPERATOR_KINDS.find((kind) => kind === row['operator_kind']) ?? 'command',
    id: String(row['operator_id']),
    name: String(row['operator_name']),
    role: String(row['operator_role']),
  },
  action: String(row['action']),
  target: String(row['target']),
  reason: String(row['reason']),
  requestId: String(row['request_id']),
  outcome: AUDIT_OUTCOMES.find((outcome) => outcome === row['outcome']) ?? 'asked',
  details: String(row['details']),
  previousHash: String(row['previous_hash']),
  hash: String(row['hash']),
});

/** SQL that makes the newest entry of a copied log its head. */
export const NEWEST_ENTRY = `INSERT INTO audit_head (one, sequence, hash)
  SELECT 1, sequence, hash FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)
  ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`;

/** An entry as programs get it: the members of its hash, with the moment in ISO 8601. */
export const entryToJson = (entry: AuditEntry) => ({
  sequence: entry.sequence,
  at: new Date(entry.atMs).toISOString(),
  operator: entry.operator,
  action: entry.action,
  target: entry.target,
  outcome: entry.outcome,
  reason: entry.reason,
  requestId: entry.requestId,
  details: parseDetails(entry.details),
  previousHash: entry.previousHash,
  hash: entry.hash,
});

/** Details that somebody changed may be no JSON: they are shown as they are. */
const parseDetails = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
