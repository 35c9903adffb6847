import { describeLeftOut } from '../../grants/read-vehicles.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import type { Owner } from '../sign-in/owner.ts';
import { VehicleSourceError } from './vehicle-source.ts';

/**
 * Lists the vehicles of an owner, and reports a log event if entries were left out. If their source fails, reports a log
 * event and returns `unavailable`.
 */
export const listVehicles = async (
  { vehicles, emit }: ConnectContext,
  { subject }: Owner,
  { exchange: { requestId } }: Visit,
): Promise<readonly Vehicle[] | 'unavailable'> => {
  try {
    const { vehicles: listed, leftOut } = await vehicles.list(subject);
    const [first] = leftOut;
    if (first !== undefined)
      emit({
        event: 'vehicle_source.entries_left_out',
        requestId,
        count: leftOut.length,
        cause: describeLeftOut(first),
      });
    return listed;
  } catch (error) {
    if (!(error instanceof VehicleSourceError)) throw error;
    emit({ event: 'vehicle_source.unavailable', requestId, cause: error.message });
    return 'unavailable';
  }
};
