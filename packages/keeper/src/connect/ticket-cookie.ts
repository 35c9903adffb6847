/** How the ticket of a consent stays in the browser that began it. */
export type TicketCookie = {
  /** The value of Set-Cookie. */
  set(state: string, ticket: string): string;
  clear(state: string): string;
  /** The ticket of a state in a header Cookie; `undefined` where this browser has none. */
  read(header: string | null, state: string): string | undefined;
};

const LIVES_SECONDS = 600;

/**
 * One cookie per consent, so that several tabs do not disturb each other. `Lax`, because the owner comes back from another site.
 * With https its name begins with `__Host-`: no other host of the domain can set it.
 */
export const ticketCookie = (redirectUri: string): TicketCookie => {
  const { protocol, pathname } = new URL(redirectUri);
  const isSecure = protocol === 'https:';
  const nameOf = (state: string): string => `${isSecure ? '__Host-' : ''}keyfob-connect-${state.slice(0, 8)}`;
  const attributes = `Path=${isSecure ? '/' : pathname}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    set: (state, ticket) => `${nameOf(state)}=${ticket}; ${attributes}; Max-Age=${LIVES_SECONDS}`,
    clear: (state) => `${nameOf(state)}=; ${attributes}; Max-Age=0`,
    read(header, state) {
      const name = nameOf(state);
      const found = (header ?? '')
        .split(';')
        .map((part) => part.trim())
        .find((part) => part.startsWith(`${name}=`));
      return found?.slice(name.length + 1);
    },
  };
};
