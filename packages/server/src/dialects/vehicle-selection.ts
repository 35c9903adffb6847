import type { Millis } from '../clock.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { RedirectParameters } from './authorization.ts';

/** In a dialect whose owners choose vehicles after consent: the page on which they do. */
export type VehicleSelectionWire = {
  readonly path: string;
  /** The parameter of its query that holds what `SelectionLinks` sealed. */
  readonly sessionIdName: string;
  /** What the redirect back to the client says of the vehicles that the owner chose. */
  renderChosen(vehicles: readonly Vehicle[]): RedirectParameters;
};

/** A request to let an owner choose the vehicles of a grant. */
export type VehicleSelection = {
  readonly grantId: GrantId;
  readonly clientId: string;
  readonly subject: string;
  /** The make whose vehicles are offered. */
  readonly brand: string;
  /** Handed back unchanged. */
  readonly state: string;
  /** The language of the page. */
  readonly lang: string;
};

/** Makes the links that lead owners to the choice of vehicles. */
export type SelectionLinks = {
  /** Where browsers reach this server, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly stateMaxCharacters: number;
  /** Seals a selection into a session id. `nowMs`: integer milliseconds. */
  readonly seal: (selection: VehicleSelection, nowMs: Millis) => Promise<string>;
};
