/** Whether a store is named by the address of a PostgreSQL database. */
export const isPostgresUrl = (store: string): boolean => /^postgres(?:ql)?:\/\//.test(store);

/** The address as it may be shown: without user, password and options, any of which may be secret. */
export const showPostgresUrl = (url: string): string => {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'postgres://...';
  }
};
