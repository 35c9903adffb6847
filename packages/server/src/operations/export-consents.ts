import { earliestMsOf, readNow } from '../clock.ts';
import type { Millis, Now } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import { eventsKeptSinceMs } from '../outbox/retention.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { consentRecordOf } from './consent-record.ts';
import type { ConsentRecord, StoredConsent } from './consent-record.ts';
import type { OperationContext } from './context.ts';

type ExportContext = Pick<OperationContext, 'store' | 'clock' | 'doubt'>;

/** Whose records are read, and how long grant events are kept (`grantEventDays`). */
export type ConsentExport = {
  readonly subject: string;
  readonly grantEventDays: number;
  /** The grant after which the records begin; `undefined` for the first. */
  readonly after?: GrantId | undefined;
};

/** A record with the id of its grant, in the order of which records come. */
export type ReadRecord = { readonly id: GrantId; readonly record: ConsentRecord };

const PAGE_GRANTS = 100;
/** Grant events of one consent at most, the newest, so that a record has a greatest size. */
export const RECORDED_EVENTS_MAX = 1000;

/**
 * The records of every consent of an owner, those that ended and are still kept among them. A page of grants at a time is in memory,
 * and one record. Throws `StoreError`.
 */
export const readConsentRecords = async function* (
  context: ExportContext,
  { subject, grantEventDays, after: first }: ConsentExport,
): AsyncGenerator<ReadRecord, void> {
  const now = readNow(context);
  const keptSinceMs = eventsKeptSinceMs(earliestMsOf(now), grantEventDays);
  let after = first;
  for (;;) {
    const grants = await context.store.listConsents(subject, { after, limit: PAGE_GRANTS });
    for (const grant of grants) {
      const stored = await readStored(context, grant, keptSinceMs);
      if (stored !== undefined) yield { id: grant.id, record: consentRecordOf(stored, { now, keptSinceMs }) };
    }
    after = grants.at(-1)?.id;
    if (grants.length < PAGE_GRANTS) return;
  }
};

/** `undefined` where the client was removed meanwhile, and the grant with it. */
const readStored = async (
  { store }: ExportContext,
  grant: Grant,
  sinceMs: Millis,
): Promise<StoredConsent | undefined> => {
  const { client } = await store.readClient(grant.clientId);
  if (client === undefined) return undefined;
  const newest = { grantId: grant.id, sinceMs, limit: RECORDED_EVENTS_MAX, first: 'newest' } as const;
  const [vehicles, grantEvents] = await Promise.all([
    store.listVehicles(grant.id),
    store.listGrantEvents(newest),
  ]);
  const hasOlder = grantEvents.length === RECORDED_EVENTS_MAX;
  return { grant, client, vehicles, grantEvents: grantEvents.toReversed(), hasOlder };
};

/** How many grants an entry of the audit log names. */
const NAMED_GRANTS_MAX = 50;

/** The first grants of an owner, by which the audit log names whose records were read; empty where nothing is kept. Throws `StoreError`. */
export const nameConsents = async (
  { store }: Pick<OperationContext, 'store'>,
  subject: string,
): Promise<readonly string[]> =>
  (await store.listConsents(subject, { limit: NAMED_GRANTS_MAX })).map(({ id }) => writeGrantId(id));

/** What stands before the records. */
export const describeExport = (
  { subject, grantEventDays }: ConsentExport,
  { nowMs }: Pick<Now, 'nowMs'>,
) => ({
  format: 'keyfob-consent-records/1',
  subject,
  writtenAt: new Date(nowMs).toISOString(),
  grantEventDays,
});

/**
 * The records of an owner as the parts of one JSON object, which is whole when the last one is written. `onRecord` gets how many there
 * are so far. Throws `StoreError`.
 */
export const exportConsents = async function* (
  context: ExportContext,
  wanted: ConsentExport,
  onRecord: (written: number) => void = () => {},
): AsyncGenerator<string, void> {
  const about = JSON.stringify(describeExport(wanted, readNow(context)));
  yield `${about.slice(0, -1)},"consents":[`;
  let written = 0;
  for await (const { record } of readConsentRecords(context, wanted)) {
    yield `${written === 0 ? '\n' : ',\n'}${JSON.stringify(record)}`;
    onRecord(++written);
  }
  yield '\n]}\n';
};
