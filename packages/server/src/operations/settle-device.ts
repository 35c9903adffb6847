import type { Client } from '../clients/client.ts';
import { readNow } from '../clock.ts';
import type { AuthorizationCode } from '../grants/code.ts';
import type { DeviceRequest } from '../grants/device-request.ts';
import type { SettledOutcome } from '../grants/decide-device.ts';
import type { Caller } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

type SettleContext = Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'emit'>;
type Request = { readonly client: Client; readonly request: DeviceRequest };
type Sender = { readonly requestId: string; readonly caller: Caller };

/** Stores that an owner agreed to what a device asks for. Reports `consent.given`. Throws `StoreError`. */
export const approveDevice = async (
  context: SettleContext,
  { client, request }: Request,
  consent: Pick<AuthorizationCode, 'subject' | 'vehicles'>,
  { requestId, caller }: Sender,
): Promise<SettledOutcome> => {
  const { userCode, grantId } = request;
  const settlement = { kind: 'approved', consent } as const;
  const outcome = await context.store.settleDeviceRequest(userCode, settlement, readNow(context));
  if (outcome === 'settled')
    context.emit({
      event: 'consent.given',
      dialect: client.dialect,
      requestId,
      caller,
      clientId: client.id,
      grantId: writeGrantId(grantId),
      vehicles: consent.vehicles.length,
    });
  return outcome;
};

/** Stores that an owner does not agree. The device learns it at its next poll. Reports `consent.declined`. Throws `StoreError`. */
export const declineDevice = async (
  context: SettleContext,
  { client, request }: Request,
  reason: 'decline' | 'no_vehicles',
  { requestId, caller }: Sender,
): Promise<SettledOutcome> => {
  const settlement = { kind: 'declined' } as const;
  const outcome = await context.store.settleDeviceRequest(request.userCode, settlement, readNow(context));
  if (outcome === 'settled')
    context.emit({
      event: 'consent.declined',
      dialect: client.dialect,
      requestId,
      clientId: client.id,
      reason,
      caller,
    });
  return outcome;
};
