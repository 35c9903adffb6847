import { randomBytes } from 'node:crypto';
import { toSeconds } from '../clock.ts';
import type { AuthorizationWire } from '../dialects/authorization.ts';
import { Refusal, StoreError } from '../errors.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { Visit } from '../wire/route.ts';
import { sealCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { ConnectContext } from './context.ts';
import type { Owner } from './sign-in/owner.ts';
import type { ParsedRequest } from './parse-authorization-request.ts';

/** How often another random id is tried; two in a row are taken never. */
const ATTEMPTS = 3;

/** Keeps what the owner agreed to, and answers the code that the client exchanges for it. */
export const giveConsent = async (
  context: ConnectContext,
  { dialect }: AuthorizationWire,
  { client, request }: ParsedRequest,
  { owner, vehicles }: { readonly owner: Owner; readonly vehicles: readonly Vehicle[] },
  { exchange: { requestId, nowMs }, caller }: Visit,
): Promise<string> => {
  const issuedAt = toSeconds(nowMs);
  const { redirectUri, codeChallenge, scope, brand } = request;
  const { id: clientId } = client;
  const { subject } = owner;
  const code = { clientId, redirectUri, codeChallenge, issuedAt, subject, scope, brand, vehicles };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const grantId = randomBytes(8).readBigInt64BE();
    const outcome = await context.store.createCode({ ...code, grantId });
    if (outcome === 'client_unknown') throw new Refusal('client_unknown');
    if (outcome === 'id_taken') continue;
    context.emit({
      event: 'consent.given',
      dialect: dialect.name,
      requestId,
      caller,
      clientId,
      grantId: writeGrantId(grantId),
      vehicles: vehicles.length,
    });
    return sealCode(context.keyRing.newest, dialect.shapes.code, { grantId, issuedAt });
  }
  throw new StoreError('unavailable', 'no free grant id was found');
};
