import type { Client } from '@keyfob/server/clients';
import type { Store } from '@keyfob/server/stores';
import type { RouteTable } from '@keyfob/server/wire';

/** What may go wrong. Each seed has only some of these. */
export const DEVICE_FAULTS = [
  'lost-requests',
  'lost-answers',
  'commit-answers-lost',
  'store-away',
  'node-deaths',
  'clock-skew',
  'impatient-devices',
  'double-polls',
  'device-crashes',
  'other-client',
] as const;
export type DeviceFault = (typeof DEVICE_FAULTS)[number];

/** A server of the deployment. Only the store and the keys survive its death. */
export type DeviceNode = {
  readonly name: string;
  readonly skewMs: number;
  incarnation: number;
  store: Store;
  endpoints: RouteTable;
  storeFailures: number;
  death: { readonly promise: Promise<void>; readonly resolve: () => void };
};

export type DeviceClient = { readonly client: Client; readonly secret: string };

/** How a poll ended: with tokens, with an error of RFC 8628 §3.5 or RFC 6749 §5.2, or with a 503. */
export type PollAnswer =
  | { readonly kind: 'granted'; readonly refreshToken: string }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'outage' };

/** A poll that reached a node. */
export type Poll = {
  readonly isOwn: boolean;
  readonly node: DeviceNode;
  readonly incarnation: number;
  readonly arrivedAtMs: number;
  /** Whether the store failed while the node worked on it. */
  hasStoreFailed: boolean;
  /** `undefined` while there is none, and where the node died. */
  answer: PollAnswer | undefined;
  answeredAtMs: number | undefined;
};

/** What an owner decided. */
export type Settled = {
  readonly kind: 'approved' | 'declined';
  readonly startedAtMs: number;
  /** When a server confirmed it; `undefined` where no server did. */
  confirmedAtMs: number | undefined;
};

/** A device, with everything that the simulation knows about it. */
export type DeviceRecord = {
  readonly name: string;
  readonly deviceCode: string;
  readonly userCode: string;
  /** When its request reached the server that answered. */
  readonly askedAtMs: number;
  readonly polls: Poll[];
  settled: Settled | undefined;
  /** When its first refresh reached a server; from then on the device has its tokens. */
  refreshedAtMs: number | undefined;
};
