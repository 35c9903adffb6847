import { startScript } from './script-process.ts';
import { oauthWire } from '../wire.ts';
import type { OpenTarget } from './target.ts';

type Started = {
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshTokens: readonly string[];
};

/**
 * What most of Node's field uses: `oidc-provider`, which keeps its tokens in memory here and so never waits for a disk.
 * `openid`: as it is mostly used, with an ID token signed at every refresh; `plain`: OAuth alone, at its quickest.
 */
export const openOidcProvider =
  (kind: 'plain' | 'openid'): OpenTarget =>
  async (connections) => {
    const script = new URL('oidc-provider-server.ts', import.meta.url);
    const { pid, started, close } = await startScript<Started>(script, [String(connections), kind]);
    const { refreshTokens, ...client } = started;
    const wire = oauthWire({ path: '/token', ...client, tokenPattern: '[\\w-]{43}' });
    return {
      name: kind === 'plain' ? 'oidc-provider' : 'oidc-provider-openid',
      pids: [pid],
      port: started.port,
      wire,
      refreshTokens,
      walIndexPath: undefined,
      close,
    };
  };
