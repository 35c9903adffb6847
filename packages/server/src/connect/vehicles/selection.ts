import * as v from 'valibot';
import { readGrantId, writeGrantId } from '../../tokens/grant-id.ts';
import type { KeyRing } from '../../tokens/key-ring.ts';
import { openClaims, sealClaims } from '../sealed-claims.ts';

/** How long an owner may take to come to the page: 10 minutes. */
const SELECTION_LIFETIME_SECONDS = 600;
/** As long as the `state` of a login may be. */
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

/** Who is asked to choose vehicles, for which grant, and what their client wants back. */
export type Selection = Readonly<v.InferOutput<typeof schema>>;

/**
 * The `sessionId` with which `GET /v1/vehicles/select-vehicle?lang=&sessionId=` shows an owner the choice of vehicles.
 * It ends by itself, opens nothing without the owner's own sign-in, and may be used again until then.
 */
export const sealSelection = (keyRing: KeyRing, selection: Selection, nowMs: number): Promise<string> =>
  sealClaims(
    keyRing,
    'selection',
    { ...selection, grantId: writeGrantId(selection.grantId) },
    { nowMs, lifetimeSeconds: SELECTION_LIFETIME_SECONDS },
  );

/** What a `sessionId` stands for; `undefined` for one that ended or never was. */
export const openSelection = async (
  keyRing: KeyRing,
  text: string,
  nowMs: number,
): Promise<Selection | undefined> => {
  const opened = await openClaims(keyRing, 'selection', text, nowMs);
  const parsed = v.safeParse(schema, opened?.claims);
  return parsed.success ? parsed.output : undefined;
};
