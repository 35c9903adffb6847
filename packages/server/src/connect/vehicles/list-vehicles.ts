import type { Vehicle } from '../../grants/vehicle.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import type { Owner } from '../sign-in/owner.ts';
import { VehicleSourceError } from './vehicle-source.ts';

/** Lists the vehicles of an owner. If their source fails, reports a log event and returns `unavailable`. */
export const listVehicles = async (
  { vehicles, emit }: ConnectContext,
  { subject }: Owner,
  { exchange: { requestId } }: Visit,
): Promise<readonly Vehicle[] | 'unavailable'> => {
  try {
    return await vehicles.list(subject);
  } catch (error) {
    if (!(error instanceof VehicleSourceError)) throw error;
    emit({ event: 'vehicle_source.unavailable', requestId, cause: error.message });
    return 'unavailable';
  }
};
