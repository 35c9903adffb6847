import { readNow } from '../clock.ts';
import { describeExport, readConsentRecords } from '../operations/export-consents.ts';
import type { ConsentExport } from '../operations/export-consents.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { ConnectContext } from './context.ts';
import { redirect } from './pages/redirect.ts';
import { readOwner } from './sign-in/owner-visit.ts';
import type { OwnerVisit } from './sign-in/owner-visit.ts';

export const RECORDS_PATH = '/connect/records';

/** A file is in memory until it is sent, so it ends after the record with which it is longer than this. */
const FILE_MAX_CHARACTERS = 2_000_000;

/** Downloads the records of an owner's consents as JSON: all of them, or as many as fit, with where the rest begins. */
export const downloadRecords = async (ownerVisit: OwnerVisit, ownerPath: string): Promise<WireResponse> => {
  const { context, visit, pageContext } = ownerVisit;
  const signedIn = await readOwner(ownerVisit);
  if (signedIn === undefined)
    return redirect(pageContext, `${pageContext.base}${ownerPath}`, { status: 302 });
  const after = readGrantId(readQuery(visit.request.query)?.get('after') ?? '');
  const { grantEventDays } = context;
  const wanted = { subject: signedIn.owner.subject, grantEventDays, after };
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Disposition': 'attachment; filename="consents.json"',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
    body: await writeFile(context, wanted),
  };
};

const writeFile = async (context: ConnectContext, wanted: ConsentExport): Promise<string> => {
  const records: string[] = [];
  let [characters, next] = [0, null as string | null];
  for await (const { id, record } of readConsentRecords(context, wanted)) {
    const text = JSON.stringify(record);
    records.push(text);
    characters += text.length;
    if (characters < FILE_MAX_CHARACTERS) continue;
    next = `${context.publicUrl}${RECORDS_PATH}?after=${writeGrantId(id)}`;
    break;
  }
  const about = JSON.stringify({ ...describeExport(wanted, readNow(context)), next });
  return `${about.slice(0, -1)},"consents":[\n${records.join(',\n')}\n]}\n`;
};
