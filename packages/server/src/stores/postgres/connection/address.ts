import { OperatorError } from '../../../errors.ts';

/** The address as it may be shown: without user, password and options, any of which may be secret. */
export const showPostgresUrl = (url: string): string => {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'postgres://...';
  }
};

/** What is done to files is not done to a database. */
export const notAFile = (url: string): OperatorError =>
  new OperatorError(
    'store_not_a_file',
    `${showPostgresUrl(url)}: the store is a PostgreSQL database and no file`,
    'Use its own tools: pg_dump and pg_restore for a copy, pg_basebackup with archived WAL (or what your provider has) to come back to any moment.',
  );
