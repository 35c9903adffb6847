import type { Client } from '../clients/client.ts';
import { latestMomentOfAge, readNow, toMillis, toSeconds } from '../clock.ts';
import { Refusal, StoreError } from '../errors.ts';
import { DEVICE_REQUEST_KEPT_SECONDS, POLL_INTERVAL_SECONDS } from '../grants/device-request.ts';
import type { DeviceRequest } from '../grants/device-request.ts';
import { createUserCode } from '../grants/user-code.ts';
import type { Caller } from '../log-event.ts';
import { sealDeviceCode } from '../tokens/device-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import type { DialectRules } from './dialect-rules.ts';

/** What a device shows its owner, and what it polls with. */
export type RequestedDevice = { readonly deviceCode: string; readonly userCode: string };

/** How often a random id and user code are tried that another request may have. */
const ATTEMPTS = 3;

/** Stores what a device asks owners for. Reports `device.requested`. Throws `StoreError`, and a `Refusal` where the client is gone. */
export const requestDevice = async (
  context: Pick<OperationContext, 'store' | 'keyRing' | 'clock' | 'doubt' | 'randomness' | 'emit'>,
  { client, shapes }: { readonly client: Client } & Pick<DialectRules, 'shapes'>,
  wanted: Pick<DeviceRequest, 'scope' | 'codeChallenge'>,
  { requestId, caller }: { readonly requestId: string; readonly caller: Caller },
): Promise<RequestedDevice> => {
  const { store, keyRing, randomness, emit } = context;
  const now = readNow(context);
  const { nowMs: issuedAtMs } = now;
  const dropBeforeMs = latestMomentOfAge(toMillis(DEVICE_REQUEST_KEPT_SECONDS), now);
  const { id: clientId, dialect } = client;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const grantId = randomness.bytes(8).readBigInt64BE();
    const userCode = createUserCode(randomness);
    const outcome = await store.createDeviceRequest(
      {
        ...wanted,
        grantId,
        clientId,
        userCode,
        issuedAtMs,
        intervalSeconds: POLL_INTERVAL_SECONDS,
        polledAtMs: undefined,
        settled: undefined,
      },
      dropBeforeMs,
    );
    if (outcome === 'client_unknown') throw new Refusal('client_unknown');
    if (outcome === 'taken') continue;
    emit({
      event: 'device.requested',
      dialect,
      requestId,
      caller,
      clientId,
      grantId: writeGrantId(grantId),
    });
    const issuedAt = toSeconds(issuedAtMs);
    const deviceCode = sealDeviceCode(keyRing.seal.active, shapes.code, { grantId, issuedAt });
    return { deviceCode, userCode };
  }
  throw new StoreError('unavailable', 'no free grant id was found');
};
