import { recordAudit, systemClock } from '../../exports/index.ts';
import type { Config } from '../../exports/index.ts';
import { OperatorError, StoreError } from '../../exports/errors.ts';
import { openAuditLog } from '../../exports/maintenance.ts';
import type { StoreAddress } from '../../exports/maintenance.ts';
import { osOperator } from '../command/os-user.ts';
import type { CommandTerminal } from '../command/terminal.ts';

/** What a command does to a store as a whole. */
export type Maintenance = {
  /** As in `store.backup`. */
  readonly action: string;
  /** Of `--reason`. */
  readonly reason: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
};

/** The store of a configuration. */
export const addressOf = ({ store, data }: Config): StoreAddress =>
  store === undefined ? { kind: 'sqlite', directory: data } : { kind: 'postgres', url: store };

/** The store without the secret parts of its address. */
export const nameOfAddress = (address: StoreAddress): string => {
  if (address.kind === 'sqlite') return `sqlite:${address.directory}`;
  if (!URL.canParse(address.url)) return 'postgres';
  const { host, pathname } = new URL(address.url);
  return `postgres://${host}${pathname}`;
};

/**
 * Adds an entry to the audit log of a store. A backup or a move must not fail because of its log, so what hinders it is a
 * warning. A store without a log has no entry.
 */
export const noteMaintenance = async (
  address: StoreAddress,
  { environment, errors }: CommandTerminal,
  { action, reason = '', details }: Maintenance,
): Promise<void> => {
  try {
    const log = await openAuditLog(address);
    if (log === undefined) return;
    try {
      const operator = osOperator(environment);
      const audited = { operator, action, target: '', reason, requestId: '', details };
      await recordAudit({ store: log, clock: systemClock }, audited, 'asked');
    } finally {
      await log.close();
    }
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof StoreError)) throw error;
    errors.write(`keyfob: the audit log has no entry of this: ${error.message}\n`);
  }
};
