import { OperatorError } from '../../../errors.ts';

/** The address in a form that may be shown: without user, password and options, any of which may be secret. */
export const showPostgresUrl = (url: string): string => {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'postgres://...';
  }
};

/** A command that works on files was given a database. */
export const notAFile = (url: string): OperatorError =>
  new OperatorError(
    'store_not_a_file',
    `${showPostgresUrl(url)}: the store is a PostgreSQL database, not a file`,
    'Use the tools of PostgreSQL: pg_dump and pg_restore for a copy, pg_basebackup with archived WAL (or what your provider offers) to restore any moment.',
  );
