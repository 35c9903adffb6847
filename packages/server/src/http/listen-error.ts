import { OperatorError } from '../errors.ts';

/** Says what to do if an address cannot be listened on. Errors of another kind stay as they are. */
export const describeListenError = (
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
  flag: '--port' | '--admin-port',
): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    const remedy = `Stop the other program, or choose another port with ${flag} (0 picks a free one).`;
    return new OperatorError('address_in_use', `${where}: another program listens there already`, remedy, {
      cause: error,
    });
  }
  if (typeof code === 'string') {
    const hostSetting = flag === '--port' ? '--host' : 'KEYFOB_ADMIN_HOST';
    const remedy = `Name an address of this machine with ${hostSetting}, and a port of at least 1024 with ${flag}.`;
    return new OperatorError('address_unusable', `${where}: cannot listen there (${code})`, remedy, {
      cause: error,
    });
  }
  return error;
};
