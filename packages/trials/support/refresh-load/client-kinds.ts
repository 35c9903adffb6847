/** A kind of client: its wire format, policy and behaviour. */
export type ClientKind = {
  readonly name: string;
  readonly dialect: 'smartcar' | 'pleos';
  /** The differences from the dialect's default policy. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** Sends an `Idempotency-Key`, the same for all attempts of one use. */
  readonly sendsIdempotencyKey?: boolean;
  /** Also presents used tokens, and the newest token twice at the same time. */
  readonly isCareless?: boolean;
  /** Its policy does not allow a retry after a lost answer. Only then may the grant be lost. */
  readonly mayLoseGrants?: boolean;
  readonly timeoutMs?: number;
  /** How long it waits after each answer. */
  readonly pauseMs?: number;
};

/**
 * Does not accept tokens that are newer than the store. Otherwise a rotation that was answered but is not on disk would
 * stay unnoticed, because the store would resynchronise.
 */
const NO_RESYNC = { resyncGenerations: 0 };

/** A careless client presents dead tokens on purpose, so they must not cost it the grant. */
const REFUSE = { ...NO_RESYNC, onReplay: 'refuse' };

/** Every policy that a client may have, in both wire formats. */
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

/** Honest clients with every default policy, including resynchronisation. */
export const RESYNC_CLIENT_KINDS: readonly ClientKind[] = [
  { name: 'overlap', dialect: 'smartcar', policy: {} },
  { name: 'strict', dialect: 'pleos', policy: {} },
  { name: 'strict with key', dialect: 'pleos', policy: {}, sendsIdempotencyKey: true },
  { name: 'until-used', dialect: 'pleos', policy: { rotation: 'until-used' } },
  { name: 'none', dialect: 'smartcar', policy: { rotation: 'none' } },
];

/**
 * For a server that stops for longer than an overlap of one second. The patient clients wait for their answers. The
 * impatient clients give up on a call and send it again while the server is stopped.
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
