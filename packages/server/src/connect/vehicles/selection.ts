import * as v from 'valibot';
import type { Millis } from '../../clock.ts';
import { readGrantId, writeGrantId } from '../../tokens/grant-id.ts';
import type { KeyRing } from '../../tokens/key-ring.ts';
import { openClaims, sealClaims } from '../../tokens/sealed-claims.ts';

/** How long the link to the selection page works: 10 minutes. */
const SELECTION_LIFETIME_SECONDS = 600;
/** The same limit as for the `state` of an authorization request. */
export const SELECTION_STATE_MAX_CHARACTERS = 2048;

const schema = v.object({
  grantId: v.pipe(
    v.string(),
    v.transform(readGrantId),
    v.custom<bigint>((id) => typeof id === 'bigint'),
  ),
  clientId: v.string(),
  subject: v.string(),
  brand: v.string(),
  state: v.pipe(v.string(), v.maxLength(SELECTION_STATE_MAX_CHARACTERS)),
  lang: v.string(),
});

/** Which owner chooses vehicles, for which grant and client, and the `state` to return to the client. */
export type Selection = Readonly<v.InferOutput<typeof schema>>;

/**
 * Creates the session id with which an owner opens the page to choose vehicles.
 * It can be used any number of times until it expires. It gives access to nothing unless the owner signs in.
 */
export const sealSelection = (keyRing: KeyRing, selection: Selection, nowMs: Millis): Promise<string> =>
  sealClaims(
    keyRing,
    'selection',
    { ...selection, grantId: writeGrantId(selection.grantId) },
    { nowMs, lifetimeSeconds: SELECTION_LIFETIME_SECONDS },
  );

/** Opens a `sessionId`; `undefined` if it is expired or invalid. */
export const openSelection = async (
  keyRing: KeyRing,
  text: string,
  nowMs: Millis,
): Promise<Selection | undefined> => {
  const opened = await openClaims(keyRing, 'selection', text, nowMs);
  const parsed = v.safeParse(schema, opened?.claims);
  return parsed.success ? parsed.output : undefined;
};
