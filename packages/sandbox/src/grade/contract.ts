/** The exit codes by which a graded command answers. 75 is `EX_TEMPFAIL` and 77 `EX_NOPERM` of sysexits.h. */
export const EXIT = { token: 0, later: 75, consent: 77 } as const;

/** What a run of the command came to, before anybody has looked at the token that it printed. */
export type Ending =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string }
  /** By a signal that was not ours. */
  | { readonly kind: 'crashed'; readonly signal: string }
  /** Still running when the limit was reached; it was killed then. */
  | { readonly kind: 'hung' }
  /** Killed on purpose, which the scenario wanted. */
  | { readonly kind: 'killed' }
  /** A service gave an answer that the contract does not know. */
  | { readonly kind: 'strange'; readonly how: string }
  /** Not started at all: the program does not exist, or may not be run. */
  | { readonly kind: 'not_started'; readonly because: string };

/** Why a printed token is of no use to the caller. */
export type TokenFault = 'nothing_printed' | 'no_token' | 'refresh_token' | 'expired' | 'dead';

/** What a run of the command answered to the caller who needs an access token. */
export type Answer =
  | { readonly kind: 'token' }
  | { readonly kind: 'unusable'; readonly fault: TokenFault }
  | { readonly kind: 'later' }
  | { readonly kind: 'consent' }
  /** It ended in a way that the contract does not know. */
  | { readonly kind: 'failed'; readonly how: string }
  | { readonly kind: 'hung' }
  | { readonly kind: 'killed' };

/** What a printed word is, by the clock of the world. */
export type TokenKind = 'usable' | 'expired' | 'dead' | 'refresh_token' | 'unknown';

/**
 * Reads the answer of a run. Commands may print more than the token: log lines, or an object of JSON. The last word that is a
 * token counts, so a program that logs to standard output is graded too.
 */
export const readAnswer = async (
  ending: Ending,
  kindOf: (word: string) => Promise<TokenKind>,
): Promise<Answer> => {
  if (ending.kind === 'hung' || ending.kind === 'killed') return { kind: ending.kind };
  if (ending.kind === 'not_started') return { kind: 'failed', how: ending.because };
  if (ending.kind === 'strange') return { kind: 'failed', how: ending.how };
  if (ending.kind === 'crashed') return { kind: 'failed', how: `was ended by ${ending.signal}` };
  if (ending.code === EXIT.later) return { kind: 'later' };
  if (ending.code === EXIT.consent) return { kind: 'consent' };
  if (ending.code !== EXIT.token) return { kind: 'failed', how: `exited with ${ending.code}` };
  return readPrinted(ending.stdout, kindOf);
};

/** Words that could be tokens, the last first. */
const WORD = /[\w.~+/=-]{16,4096}/g;
const WORDS_MAX = 200;

const readPrinted = async (stdout: string, kindOf: (word: string) => Promise<TokenKind>): Promise<Answer> => {
  if (stdout.trim() === '') return { kind: 'unusable', fault: 'nothing_printed' };
  const words = (stdout.match(WORD) ?? []).slice(-WORDS_MAX).toReversed();
  for (const word of words) {
    const kind = await kindOf(word);
    if (kind === 'usable') return { kind: 'token' };
    if (kind !== 'unknown') return { kind: 'unusable', fault: kind };
  }
  return { kind: 'unusable', fault: 'no_token' };
};

/** An access token and a refresh token of a new grant, as the command gets them on its first use. */
export type FirstTokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token. */
  readonly expiresAtMs: number;
};

/** What the environment of a run has besides the variables of the SDKs. */
export const environmentOfRun = (
  stateFolder: string,
  nowMs: number,
  first: FirstTokens | undefined,
): Readonly<Record<string, string>> => ({
  KEYFOB_STATE: stateFolder,
  KEYFOB_NOW: String(nowMs),
  ...(first === undefined
    ? {}
    : {
        KEYFOB_ACCESS_TOKEN: first.accessToken,
        KEYFOB_REFRESH_TOKEN: first.refreshToken,
        KEYFOB_EXPIRES_AT: String(first.expiresAtMs),
      }),
});
