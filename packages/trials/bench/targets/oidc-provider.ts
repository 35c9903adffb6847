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
 * `oidc-provider`, the OAuth server that most Node projects use. It keeps its tokens in memory here, so it never waits for
 * a disk. `openid` is the usual setup, which signs an ID token at every refresh. `plain` is the fastest: OAuth alone.
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
      durability: 'in memory',
      close,
    };
  };
