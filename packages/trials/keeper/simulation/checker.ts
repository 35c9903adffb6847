import type { TokenResult } from '@keyfob/keeper';
import { createDeathRules } from './death-rules.ts';
import type { DeathRules } from './death-rules.ts';
import { createLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { createOutageRules } from './outage-rules.ts';
import type { OutageRules } from './outage-rules.ts';
import type { Plan } from './plan.ts';
import type { VirtualProcess } from './process.ts';
import { createSendRules } from './send-rules.ts';
import type { SendRules } from './send-rules.ts';
import type { Token, VirtualProvider } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * Sees everything that happens, and compares it with the rules. It knows what the keepers cannot: which token lives, which
 * answer arrived, who is dead. It shares no code with them, and reads of their store only what is written through it.
 */
export type Checker = {
  readonly ledger: Ledger;
  readonly sends: SendRules;
  readonly deaths: DeathRules;
  readonly outages: OutageRules;
  /** A pair was put. */
  put(token: Token, grantId: string): void;
  /** Judges what a caller got, who asked at a moment. */
  result(car: string, askedMs: number, result: TokenResult): void;
  /** Judges what a caller gets when all has been calm for long. */
  lastResult(car: string, result: TokenResult | undefined): void;
  /** The owner ends the grant of a car at the provider. */
  revoke(car: string): void;
};

/** Memory may serve a token for so long after it was replaced by another process. */
const MEMORY_MS = 31_000;

export const createChecker = (
  { kind }: Plan,
  time: VirtualTime,
  provider: VirtualProvider,
  processes: readonly VirtualProcess[],
  report: (line: string) => void,
): Checker => {
  const ledger = createLedger(time, report);
  const { fault, note, current } = ledger;
  const sends = createSendRules(kind, time, ledger, { provider, processes });
  const deaths = createDeathRules(kind, time, ledger, { provider, sends });
  const outages = createOutageRules(time, ledger, { sends, processes });
  const tokenOf = (accessToken: string): Token | undefined =>
    provider.find(accessToken.slice('access-'.length));
  return {
    ledger,
    sends,
    deaths,
    outages,
    put(token, grantId) {
      const { family } = token;
      note(`${family.car}: consent, ${token.text}`);
      deaths.replaced(family.car, grantId);
      sends.connected(family.car);
      ledger.connect(grantId, family);
    },
    result(car, askedMs, result) {
      if (result.status !== 'ok') return;
      const token = tokenOf(result.accessToken);
      const now = current(car);
      if (token === undefined) return fault(`${car}: served a token that nobody issued`);
      if (token.family.car !== car) return fault(`${car}: served the token of ${token.family.car}`);
      if (now !== undefined && token.family !== now.family && askedMs - now.sinceMs > MEMORY_MS)
        fault(`${car}: served a token from before its new consent`);
    },
    lastResult(car, result) {
      if (result === undefined) return fault(`${car}: nobody answers`);
      if (result.status === 'unavailable') return fault(`${car}: stays unavailable, ${result.reason}`);
      if (result.status === 'needs_consent') return;
      const token = tokenOf(result.accessToken);
      if (token === undefined || (token.family.excuse === undefined && !provider.isAccepted(token)))
        fault(`${car}: holds a token that does not work`);
    },
    revoke(car) {
      const family = current(car)?.family;
      if (family === undefined) return;
      family.isDead = true;
      family.excuse = 'the owner ended it';
    },
  };
};
