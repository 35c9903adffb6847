import type { VehicleSelectionWire } from '../vehicle-selection.ts';

const PATH = '/v1/vehicles/select-vehicle';

/** The page that the vendor's clients send an owner to; it sends the chosen VINs back as base64 of a JSON array. */
export const vehicleSelection: VehicleSelectionWire = {
  path: PATH,
  sessionIdName: 'sessionId',
  renderChosen: (vehicles) => {
    const vins = JSON.stringify(vehicles.map(({ vin }) => vin));
    return [['vehicles', Buffer.from(vins).toString('base64')]];
  },
};

/** The URL of the page. `publicUrl` has no slash at its end. */
export const writeSelectionUrl = (publicUrl: string, lang: string, sessionId: string): string =>
  `${publicUrl}${PATH}?${new URLSearchParams({ lang, sessionId }).toString()}`;
