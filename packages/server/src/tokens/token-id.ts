import type { GrantId } from './grant-id.ts';
import { randomFillSync } from 'node:crypto';
import type { Seconds } from '../clock.ts';
import type { SignKey } from './key-ring.ts';
import { BLOCK_BYTES } from './sealer.ts';
import { uuidShape } from './shape.ts';

/** What the id of a JWT says once opened: of which grant it is, or that it is a client's own. */
export type OpenedTokenId =
  | { readonly kind: 'grant'; readonly grantId: GrantId; readonly issuedAt: Seconds }
  | { readonly kind: 'client'; readonly issuedAt: Seconds };

const SERIAL_AT = 12;
const KIND_AT = 14;
/** The last two bytes: what the id is of. Also the check, for anything else never was an id. */
const KINDS = { grant: 0, client: 1 } as const;

/**
 * The `jti` of a JWT, in the form of a UUID: grant id (8 bytes; of a client's own random), issued at (4, seconds), serial
 * (2), kind (2), sealed under its own purpose. The server finds the grant of a token by it; others cannot read the grant's id.
 *
 * @see RFC 9068 §2.2, RFC 7519 §4.1.7
 */
export const sealTokenId = (key: SignKey, id: OpenedTokenId & { readonly serial: number }): string => {
  const block = Buffer.alloc(BLOCK_BYTES);
  if (id.kind === 'grant') block.writeBigInt64BE(id.grantId, 0);
  else randomFillSync(block, 0, 8);
  block.writeUInt32BE(id.issuedAt, 8);
  block.writeUInt16BE(id.serial, SERIAL_AT);
  block.writeUInt16BE(KINDS[id.kind], KIND_AT);
  return uuidShape.write(key.idSealer.seal(block, uuidShape.macBytes));
};

/** Opens the id of a token by the key that signed it. `undefined` for one that the key did not seal. */
export const openTokenId = (key: SignKey, text: string): OpenedTokenId | undefined => {
  const sealed = uuidShape.read(text);
  const block = sealed === 'malformed' ? undefined : key.idSealer.open(sealed);
  if (block === undefined) return undefined;
  const issuedAt = block.readUInt32BE(8);
  const kind = block.readUInt16BE(KIND_AT);
  if (kind === KINDS.client) return { kind: 'client', issuedAt };
  return kind === KINDS.grant ? { kind: 'grant', grantId: block.readBigInt64BE(0), issuedAt } : undefined;
};
