import { randomBytes } from 'node:crypto';
import type { Client } from '../clients/client.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import type { Now } from '../clock.ts';
import type { AuditContext } from '../grants/grant-store.ts';
import type { ImportedGrant, ImportOutcome } from '../grants/imported-grant.ts';
import type { Store } from '../grants/store.ts';
import type { ImportFault } from './fault.ts';
import { readRecords } from './records.ts';
import type { ImportRecord } from './records.ts';
import { createRehearsal } from './rehearsal.ts';
import { clientIdOf, parseRow } from './row.ts';
import type { ImportRow } from './row.ts';
import type { FaultOfRow } from './row-fault.ts';

/** A row that was not imported. */
export type RefusedRow = {
  readonly row: number;
  readonly line: number;
  readonly fault: ImportFault;
  /** Which member is wrong and how, where the fault alone does not say it. Carries no value of the row. */
  readonly detail: string | undefined;
  /** The client id of the row, if it has the form of a client id. */
  readonly client: string | undefined;
};

/** The progress of an import, or its result. */
export type ImportTotals = {
  rows: number;
  imported: number;
  alreadyThere: number;
  refused: number;
  /** Of the imported rows: those whose token expires earlier than before, because of the policy of the client. */
  shortened: number;
  /** Of the imported rows: those with a time that names no zone, so that it is read as UTC. */
  withoutZone: number;
};

export type ImportWork = Now & {
  readonly store: Store;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Whether the rows are only checked. */
  readonly isDryRun: boolean;
  readonly keyNumber: number;
  /** What the clients may have. */
  readonly scopes: ScopeRegistry;
  /** Called for each batch when it is on disk, with its refused rows in order. */
  readonly onBatch: (refused: readonly RefusedRow[], totals: ImportTotals) => void;
};

/** Rows per transaction: few enough that a running server waits for one no longer than for a slow request. */
const BATCH_ROWS = 1000;
const CLIENTS_MAX = 100_000;
const ATTEMPTS_MAX = 3;
const CLIENT_ID = /^[\w.-]{1,128}$/;

type Pending = { readonly record: ImportRecord; readonly row: ImportRow };

/** Imports every valid row, in batches and in the order of the file. Throws `StoreError` and `HeaderError`. */
export const runImport = async (work: ImportWork): Promise<ImportTotals> => {
  const { store, scopes, nowMs, doubt, keyNumber, onBatch } = work;
  const totals: ImportTotals = {
    rows: 0,
    imported: 0,
    alreadyThere: 0,
    refused: 0,
    shortened: 0,
    withoutZone: 0,
  };
  const clients = new Map<string, Client | undefined>();
  const commit = work.isDryRun ? createRehearsal(store) : createWriter(store, { nowMs });
  const context = { clientOf: (id: string) => clients.get(id), scopes, nowMs, doubt, keyNumber };
  let batch: Pending[] = [];
  let refused: RefusedRow[] = [];
  let underWay: Promise<void> = Promise.resolve();

  const finish = async (rows: readonly Pending[], faulty: RefusedRow[]): Promise<void> => {
    const outcomes = await commit(rows.map(({ row }) => row));
    totals.rows += rows.length + faulty.length;
    for (const [index, { record, row }] of rows.entries()) {
      const fault = count(totals, outcomes[index], row);
      if (fault !== undefined) faulty.push(toRefused(record, { fault }));
    }
    totals.refused += faulty.length;
    onBatch(
      faulty.sort((a, b) => a.row - b.row),
      { ...totals },
    );
  };

  /** The next rows are read while the store works, but the next batch waits until this one is on disk. */
  const flush = async (): Promise<void> => {
    await underWay;
    underWay = finish(batch, refused);
    underWay.catch(() => {});
    [batch, refused] = [[], []];
  };

  for await (const records of readRecords(work.chunks)) {
    await lookUp(store, clients, records);
    for (const record of records) {
      const read = 'fault' in record ? record : parseRow(record.fields, context);
      if ('fault' in read) refused.push(toRefused(record, read));
      else batch.push({ record, row: read });
      if (batch.length + refused.length >= BATCH_ROWS) await flush();
    }
  }
  await flush();
  await underWay;
  return totals;
};

const lookUp = async (
  store: Store,
  clients: Map<string, Client | undefined>,
  records: readonly ImportRecord[],
): Promise<void> => {
  if (clients.size > CLIENTS_MAX) clients.clear();
  const ids = new Set<string>();
  for (const record of records) {
    const id = 'fields' in record ? clientIdOf(record.fields) : undefined;
    if (id !== undefined && !clients.has(id)) ids.add(id);
  }
  const read = async (id: string) => clients.set(id, (await store.readClient(id)).client);
  await Promise.all([...ids].map(read));
};

const count = (
  totals: ImportTotals,
  outcome: ImportOutcome | undefined,
  row: ImportRow,
): ImportFault | undefined => {
  switch (outcome) {
    case 'imported':
      totals.imported++;
      if (row.isShortened) totals.shortened++;
      if (row.isWithoutZone) totals.withoutZone++;
      return undefined;
    case 'there_already':
      totals.alreadyThere++;
      return undefined;
    case 'client_unknown':
      return 'client_unknown';
    case 'token_taken':
      return 'token_duplicate';
    case 'id_taken':
    case undefined:
      throw new Error('no free grant id was found for a row of an import');
  }
};

const toRefused = (record: ImportRecord, { fault, detail }: FaultOfRow): RefusedRow => {
  const id = 'fields' in record ? clientIdOf(record.fields) : undefined;
  // If columns were mixed up, this may be a token, which must not be reported.
  const client = fault !== 'client_unknown' && id !== undefined && CLIENT_ID.test(id) ? id : undefined;
  return { row: record.row, line: record.line, fault, detail, client };
};

/** Imports a batch. A grant whose id is taken, by a chance of one in many millions, gets a new one. */
const createWriter =
  (store: Store, auditContext: AuditContext, attempt = 1) =>
  async (batch: readonly ImportedGrant[]): Promise<readonly ImportOutcome[]> => {
    if (batch.length === 0) return [];
    const outcomes = await store.importGrants(batch, auditContext);
    if (!outcomes.includes('id_taken') || attempt === ATTEMPTS_MAX) return outcomes;
    const again = batch
      .filter((_, index) => outcomes[index] === 'id_taken')
      .map((one) => ({ ...one, grant: { ...one.grant, id: randomBytes(8).readBigInt64BE() } }));
    const others = [...(await createWriter(store, auditContext, attempt + 1)(again))];
    return outcomes.map((outcome) => (outcome === 'id_taken' ? (others.shift() ?? outcome) : outcome));
  };
