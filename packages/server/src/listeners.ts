import type { AdminListener } from './admin/listen.ts';
import type { Administration } from './compose-admin.ts';
import type { Config } from './config.ts';
import { listen } from './http/edge.ts';
import type { Edge } from './http/edge.ts';
import { describeListenError } from './http/listen-error.ts';
import type { HandlerContext } from './http/request-handler.ts';

/** Where a server listens. */
export type Listening = {
  /** By which programs on this machine reach it; `unix:` with a path for a socket. */
  readonly url: string;
  /** The address of probes and metrics; `undefined` if there is none. */
  readonly adminUrl: string | undefined;
};

/** The listeners of a server. None of them is open before it is asked for. */
export type Listeners = {
  /** Opens all that are configured. Throws `OperatorError` if an address cannot be used. */
  listen(): Promise<Listening>;
  /** Opens the one for probes and metrics, if it is configured; answers its address. */
  listenForAdmin(): Promise<string | undefined>;
  /** Stops accepting requests and finishes the open ones, within the configured grace. */
  closePublic(): Promise<void>;
  closeAdmin(): Promise<void>;
};

export const createListeners = (
  config: Config,
  context: HandlerContext,
  {
    administration,
    onListening,
  }: {
    readonly administration: Pick<Administration, 'admin' | 'pages'> | undefined;
    readonly onListening: (url: string) => void;
  },
): Listeners => {
  let edge: Edge | undefined;
  let adminListener: AdminListener | undefined;

  const listenForAdmin = async (): Promise<string | undefined> => {
    const { adminHost: host, adminPort: port, adminAllowedHosts = '' } = config;
    if (administration === undefined || port === undefined) return undefined;
    const { adminPublicUrl } = config;
    const allowedHosts = [
      ...adminAllowedHosts.split(',').flatMap((name) => name.trim() || []),
      ...(adminPublicUrl === undefined ? [] : [new URL(adminPublicUrl).hostname]),
    ];
    adminListener ??= await administration.admin
      .listen({ host, port, allowedHosts }, administration.pages)
      .catch((error: unknown) => {
        throw describeListenError(error, { host, port, socket: undefined }, '--admin-port');
      });
    return adminListener.url;
  };

  return {
    async listen() {
      edge = await listen(config, context).catch((error: unknown) => {
        throw describeListenError(error, config, '--port');
      });
      onListening(edge.url);
      // Afterwards, because a probe must not find the server ready before clients reach it.
      return { url: edge.url, adminUrl: await listenForAdmin() };
    },
    listenForAdmin,
    closePublic: async () => edge?.close(),
    closeAdmin: async () => adminListener?.close(),
  };
};
