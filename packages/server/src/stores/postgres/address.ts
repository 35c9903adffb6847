/** The address as it may be shown: without user, password and options, any of which may be secret. */
export const showPostgresUrl = (url: string): string => {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'postgres://...';
  }
};
