import { checkCodes } from './code-checker.ts';
import { checkGrantEvents } from './event-checker.ts';
import { checkHonestClients } from './honest-checker.ts';
import { checkLiveTokens } from './live-tokens.ts';
import { checkSecrets } from './secret-search.ts';
import { checkThefts } from './theft-checker.ts';
import type { World } from './world.ts';

/** The checks at the end of a simulation. `ledger.ts` checks every answer as soon as it is sent. */
export const CHECKERS: readonly ((world: World) => void | Promise<void>)[] = [
  checkHonestClients,
  checkCodes,
  checkGrantEvents,
  checkLiveTokens,
  checkThefts,
  checkSecrets,
];
