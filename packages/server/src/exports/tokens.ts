/** `@keyfob/server/tokens`: the key ring, and what is sealed with it: tokens, codes and ids. */
export { createKeyLine, createKeyLines, parseKeyRing, withRegistrations } from '../tokens/key-ring.ts';
export type { KeyRing, RingKey } from '../tokens/key-ring.ts';
export { judgeWithdrawal, KEY_PURPOSES, statesOf } from '../tokens/key-state.ts';
export type { KeyPurpose, KeyWithdrawal, RegisteredKey } from '../tokens/key-state.ts';
export { registrationOf } from '../tokens/key-store.ts';
export { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
export type { GrantId } from '../tokens/grant-id.ts';
export { GENERATION_MAX, readingsOfRefreshToken, sealRefreshToken } from '../tokens/refresh-token.ts';
export type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
export { isCompactJwt, openAccessJwt, signAccessJwt } from '../tokens/access-jwt.ts';
export type { AccessClaims, OpenedAccessJwt } from '../tokens/access-jwt.ts';
export { openTokenId, sealTokenId } from '../tokens/token-id.ts';
export { readingsOfAccessToken, sealAccessToken, SERIAL_MAX } from '../tokens/access-token.ts';
export { readingsOfCode, sealCode } from '../tokens/authorization-code.ts';
export { uuidV4Shape } from '../tokens/shape.ts';
export type { Shape } from '../tokens/shape.ts';
export { sealSelection } from '../connect/vehicles/selection.ts';
export type { Selection } from '../connect/vehicles/selection.ts';
