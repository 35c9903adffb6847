import type { Keeper } from '../keeper.ts';

/** Smartcar's class, as far as it is used here: its package has no types. */
type VehicleClass<Vehicle extends object> = new (id: string, token: string, options?: object) => Vehicle;

/** It takes another token than that of the car. */
const WITH_OWN_TOKEN: ReadonlySet<string | symbol> = new Set(['unsubscribe']);

/**
 * A vehicle of Smartcar's SDK whose token is always a valid one: `liveVehicle(smartcar.Vehicle, keeper, 'vin:…', vehicleId)`.
 * It can be kept for as long as the program runs.
 */
export const liveVehicle = <Vehicle extends object>(
  Class: VehicleClass<Vehicle>,
  keeper: Pick<Keeper, 'authorizer'>,
  name: string,
  vehicleId: string,
  options?: object,
): Vehicle => {
  const authorizer = keeper.authorizer(name);
  const call = (sent: string, method: string | symbol, values: readonly unknown[]): Promise<unknown> => {
    const vehicle = new Class(vehicleId, sent.replace(/^Bearer /, ''), options);
    return Reflect.apply(Reflect.get(vehicle, method) as never, vehicle, values) as Promise<unknown>;
  };
  return new Proxy(new Class(vehicleId, '', options), {
    get(target, method) {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function' || WITH_OWN_TOKEN.has(method)) return value;
      return async (...values: readonly unknown[]) => {
        const sent = await authorizer.authorize();
        try {
          return await call(sent, method, values);
        } catch (error) {
          const next = await authorizer.onRejected(sent, { status: statusOf(error), json: () => undefined });
          if (next === undefined) throw error;
          return call(next, method, values);
        }
      };
    },
  });
};

/** The status of a `SmartcarError`; 0 for any other. */
const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
