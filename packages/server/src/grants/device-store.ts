import type { Millis, Now } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { AuthorizationCode } from './code.ts';
import type { PollOutcome, PresentedDevice, SettledOutcome } from './decide-device.ts';
import type { DeviceRequest } from './device-request.ts';

/** A device asks what the owner decided. */
export type DevicePoll = Now & { readonly presented: PresentedDevice & { readonly grantId: GrantId } };

/** What an owner decided. */
export type Settlement =
  | { readonly kind: 'approved'; readonly consent: Pick<AuthorizationCode, 'subject' | 'vehicles'> }
  | { readonly kind: 'declined' };

/** The requests of devices in a store. */
export type DeviceStore = {
  /** `taken`: another request has the grant id or the user code. Drops a few requests that were issued before `dropBeforeMs`. */
  createDeviceRequest(
    request: DeviceRequest,
    dropBeforeMs?: Millis,
  ): Promise<'created' | 'client_unknown' | 'taken'>;
  findDeviceRequest(userCode: string): Promise<DeviceRequest | undefined>;
  /** Notes what the owner decided, once. An approval is stored together with the code that the device redeems. */
  settleDeviceRequest(userCode: string, settlement: Settlement, now: Now): Promise<SettledOutcome>;
  /** Decides a poll (`decidePoll`) and notes it. */
  pollDeviceRequest(poll: DevicePoll): Promise<PollOutcome>;
};

/** The code that stands for an owner's approval. It is bound to no redirect URI. */
export const codeOf = (
  { grantId, clientId, scope, codeChallenge }: DeviceRequest,
  { subject, vehicles }: Pick<AuthorizationCode, 'subject' | 'vehicles'>,
  { nowMs: issuedAtMs }: Now,
): AuthorizationCode => ({
  grantId,
  clientId,
  redirectUri: undefined,
  codeChallenge,
  issuedAtMs,
  subject,
  scope,
  brand: undefined,
  vehicles,
});
