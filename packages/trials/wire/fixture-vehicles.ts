import type { CodeMaker } from '../code-maker.ts';
import { consentBy, exchangeCode, VEHICLES } from '../consented-grant.ts';
import type { KeyfobServer, MadeClient } from '../keyfob-process.ts';
import type { DialectName } from './served-grant.ts';

/** By placeholder: ids and VINs of the vehicles that grants of cases cover. */
export const VEHICLE_VALUES: readonly (readonly [string, string])[] = VEHICLES.flatMap(
  ({ id, vin }, index) => [[`vehicle${index + 1}`, id] as const, [`vin${index + 1}`, vin] as const],
);

/** By placeholder: what makes it, each case for itself. */
export const vehicleMakers = (
  server: KeyfobServer,
  dialect: DialectName,
  {
    codes,
    client,
    values,
  }: { readonly codes: CodeMaker; readonly client: MadeClient; readonly values: Map<string, string> },
): Readonly<Record<string, () => Promise<void>>> => {
  const share = async (name: string, by: DialectName, scope: string): Promise<void> => {
    const owner =
      by === dialect ? client : await server.command<MadeClient>('client', 'create', '--dialect', by);
    const code = await consentBy(codes, by, owner, { scope });
    values.set(name, (await exchangeCode[by](server.url, owner, code)).accessToken);
  };
  const other = dialect === 'pleos' ? 'smartcar' : 'pleos';
  return {
    sharingAccessToken: () => share('sharingAccessToken', dialect, 'read_vehicle_info read_odometer'),
    scopelessAccessToken: () => share('scopelessAccessToken', dialect, ''),
    otherDialectsAccessToken: () => share('otherDialectsAccessToken', other, 'read_vehicle_info'),
  };
};
