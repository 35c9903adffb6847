import { toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { VehicleDataChoice } from '../grants/decide-vehicle-data.ts';
import type { VehicleData } from '../grants/vehicle-data.ts';
import { changeVehicleData } from '../operations/change-vehicle-data.ts';
import { readGrantId } from '../tokens/grant-id.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { AGREEMENT_FIELDS } from './pages/agreement-form.ts';
import type { Notice } from './pages/owner-page.ts';
import type { SentForm } from './session-form.ts';
import type { Owner } from './sign-in/owner.ts';

const DAY_SECONDS = 86_400;

/**
 * Changes or ends the grant for vehicle data that a form names, if it is the owner's. Returns `undefined` if nothing changed. Throws
 * `StoreError`.
 */
export const changeAgreement = async (
  context: ConnectContext,
  { subject }: Owner,
  { action, fields }: SentForm,
  { caller, exchange: { requestId } }: Visit,
): Promise<Notice | undefined> => {
  const grantId = readGrantId(fields.get(AGREEMENT_FIELDS.grant) ?? '');
  if (grantId === undefined) return undefined;
  const grant = await context.store.readGrant(grantId);
  if (grant?.vehicleData === undefined) return undefined;
  const choice = action === 'end_data' ? 'end' : readChosen(fields, grant.vehicleData);
  if (choice === undefined) return undefined;
  const outcome = await changeVehicleData(context, { subject, grantId, choice }, { requestId, caller });
  if (outcome === 'nothing') return undefined;
  return outcome === 'ended' ? 'removed' : 'dataChanged';
};

/** What a form chooses; to take all data back is to end the grant. `undefined` where the day is none. */
const readChosen = (
  fields: SentForm['fields'],
  { asked }: VehicleData,
): VehicleDataChoice | 'end' | undefined => {
  const until = readDay(fields.get(AGREEMENT_FIELDS.until) ?? '', asked.until);
  if (until === 'malformed') return undefined;
  const data = Object.keys(asked.data).filter(
    (_, place) => fields.get(AGREEMENT_FIELDS.data(place)) === 'yes',
  );
  return data.length === 0 ? 'end' : { data, until };
};

/** The end of a day in UTC, or the end that the client asked for, if that is earlier on that day. Empty for as long as was asked. */
const readDay = (text: string, asked: Seconds | undefined): Seconds | undefined | 'malformed' => {
  if (text === '') return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text))) return 'malformed';
  const from = toSeconds(Date.parse(text));
  const until = from + DAY_SECONDS;
  return asked !== undefined && asked > from && asked < until ? asked : until;
};
