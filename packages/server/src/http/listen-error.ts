import { OperatorError } from '../errors.ts';
import type { ListenAddress } from './listen-on.ts';

/** By which setting a port is chosen. */
type PortSetting = '--port' | '--admin-port' | 'KEYFOB_MTLS_PORT';

/** Says what to do if an address cannot be listened on. Errors of another kind stay as they are. */
export const describeListenError = (
  error: unknown,
  { host, port, socket }: ListenAddress,
  flag: PortSetting,
): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error;
  const where = socket ?? `${host}:${port}`;
  const isInUse = code === 'EADDRINUSE';
  const remedy =
    socket === undefined
      ? remedyOfPort(isInUse, flag)
      : isInUse
        ? 'Stop the other program, or choose another path with --socket.'
        : 'Name a path of at most 100 characters with --socket, in a folder that this user may write, where there is no other file.';
  return isInUse
    ? new OperatorError('address_in_use', `${where}: another program listens there already`, remedy, {
        cause: error,
      })
    : new OperatorError('address_unusable', `${where}: cannot listen there (${code})`, remedy, {
        cause: error,
      });
};

const SETTINGS_OF_PORTS: Readonly<Record<PortSetting, string>> = {
  '--port': '--port or KEYFOB_PORT',
  '--admin-port': '--admin-port or KEYFOB_ADMIN_PORT',
  KEYFOB_MTLS_PORT: 'KEYFOB_MTLS_PORT',
};

const remedyOfPort = (isInUse: boolean, flag: PortSetting): string => {
  const setting = SETTINGS_OF_PORTS[flag];
  if (isInUse) return `Stop the other program, or choose another port with ${setting} (0 picks a free one).`;
  const hostSetting = flag !== '--admin-port' ? '--host or KEYFOB_HOST' : 'KEYFOB_ADMIN_HOST';
  return `Name an address of this machine with ${hostSetting}, and a port of at least 1024 with ${setting}.`;
};
