/** A kind of client: its wire, its policy, and how it behaves. */
export type ClientKind = {
  readonly name: string;
  readonly dialect: 'smartcar' | 'pleos';
  /** What differs from the dialect's own policy. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** Sends an `Idempotency-Key`, the same one until a use of a token is answered. */
  readonly sendsIdempotencyKey?: boolean;
  /** Presents tokens that it has used before, and the newest one twice at once, beside its honest calls. */
  readonly isCareless?: boolean;
  /** Its policy has no answer for a use whose answer was cut: the grant is lost then, and only then. */
  readonly mayLoseGrants?: boolean;
  readonly timeoutMs?: number;
};

/**
 * No token ahead of the store is taken, in every trial: a rotation that was answered and is not on disk would go
 * unnoticed otherwise, because the store would find its way back to it.
 */
const NO_RESYNC = { resyncGenerations: 0 };

/** A careless client presents dead tokens on purpose, so they must not cost it the grant. */
const REFUSE = { ...NO_RESYNC, onReplay: 'refuse' };

/** Every policy that a client may have, by both wires. */
export const CLIENT_KINDS: readonly ClientKind[] = [
  { name: 'overlap', dialect: 'smartcar', policy: NO_RESYNC },
  { name: 'overlap, careless', dialect: 'smartcar', policy: REFUSE, isCareless: true },
  {
    name: 'strict',
    dialect: 'pleos',
    policy: REFUSE,
    isCareless: true,
    mayLoseGrants: true,
  },
  { name: 'strict with key', dialect: 'pleos', policy: NO_RESYNC, sendsIdempotencyKey: true },
  { name: 'until-used', dialect: 'pleos', policy: { ...NO_RESYNC, rotation: 'until-used' } },
  {
    name: 'until-used, careless',
    dialect: 'smartcar',
    policy: { ...REFUSE, rotation: 'until-used' },
    isCareless: true,
  },
  { name: 'none', dialect: 'smartcar', policy: { ...NO_RESYNC, rotation: 'none' } },
];

/** Honest clients of every policy as it is given, resync included. */
export const RESYNC_CLIENT_KINDS: readonly ClientKind[] = [
  { name: 'overlap', dialect: 'smartcar', policy: {} },
  { name: 'strict', dialect: 'pleos', policy: {} },
  { name: 'strict with key', dialect: 'pleos', policy: {}, sendsIdempotencyKey: true },
  { name: 'until-used', dialect: 'pleos', policy: { rotation: 'until-used' } },
  { name: 'none', dialect: 'smartcar', policy: { rotation: 'none' } },
];

/**
 * For a server that stands still for longer than an overlap of one second. The patient client waits for its answers
 * and needs no more; the impatient ones give up on a call and ask again while nobody answers.
 */
export const STOP_CLIENT_KINDS: readonly ClientKind[] = [
  {
    name: 'overlap of 1 s, patient',
    dialect: 'smartcar',
    policy: { ...NO_RESYNC, overlapSeconds: 1, raceSeconds: 1 },
  },
  {
    name: 'strict, patient',
    dialect: 'pleos',
    policy: NO_RESYNC,
  },
  { name: 'overlap, impatient', dialect: 'smartcar', policy: NO_RESYNC, timeoutMs: 250 },
  {
    name: 'until-used, impatient',
    dialect: 'pleos',
    policy: { ...NO_RESYNC, rotation: 'until-used' },
    timeoutMs: 250,
  },
  {
    name: 'strict with key, impatient',
    dialect: 'pleos',
    policy: NO_RESYNC,
    sendsIdempotencyKey: true,
    timeoutMs: 250,
  },
];
