import type { World, WorldGrant } from '@keyfob/sandbox/testing';

/** Refresh code as an integrator writes it: it stores what comes back, and tries again where no answer came. */
export type Subject = {
  readonly stored: () => string;
  refresh(token?: string): Promise<number>;
  /** Sends until an answer comes, with real waits between. */
  refreshUntilAnswered(waitMs?: number): Promise<number>;
};

/** Code that is pointed at a world, and holds the tokens of a grant. */
export const createSubject = (world: World, grant: WorldGrant): Subject => {
  const { clientId, clientSecret } = world.client(grant.client);
  let stored = grant.refreshToken;
  const refresh = async (token = stored): Promise<number> => {
    const isPleos = grant.dialect === 'pleos';
    const response = await fetch(`${world.url}${isPleos ? '/v1/auth/token-refresh' : '/oauth/token'}`, {
      method: 'POST',
      headers: isPleos
        ? { 'content-type': 'application/json', brand: 'hyundai' }
        : {
            authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
      body: isPleos
        ? JSON.stringify({ clientId, clientSecret, refreshToken: token })
        : new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString(),
    });
    const text = await response.text();
    if (response.status === 200 && text.startsWith('{')) {
      const answer = JSON.parse(text) as { readonly data?: Tokens } & Tokens;
      const tokens = answer.data ?? answer;
      stored = tokens.refresh_token ?? tokens.refreshToken ?? stored;
    }
    return response.status;
  };
  return {
    stored: () => stored,
    refresh,
    async refreshUntilAnswered(waitMs = 0) {
      for (let attempt = 0; attempt < 10; attempt++) {
        if (attempt > 0 && waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        const status = await refresh().catch(() => 0);
        if (status !== 0 && status < 500) return status;
      }
      return 0;
    },
  };
};

type Tokens = { readonly refresh_token?: string; readonly refreshToken?: string };
