import { readFileSync } from 'node:fs';
import type { AdminListener } from '../admin/listen.ts';
import type { Administration } from './admin.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { listen } from '../http/edge.ts';
import type { Edge, TlsIdentity } from '../http/edge.ts';
import { describeListenError } from '../http/listen-error.ts';
import type { HandlerContext } from '../http/request-handler.ts';

/** Where a server listens. */
export type Listening = {
  /** By which programs on this machine reach it; `unix:` with a path for a socket. */
  readonly url: string;
  /** By which clients with certificates reach it; `undefined` where no listener asks for them. */
  readonly mtlsUrl: string | undefined;
  /** The address of probes and metrics; `undefined` if there is none. */
  readonly adminUrl: string | undefined;
};

/** The listeners of a server. None of them is open before it is asked for. */
export type Listeners = {
  /** Opens all that are configured, at the first call. Throws `OperatorError` if an address cannot be used. */
  listen(): Promise<Listening>;
  /** Opens the one for probes and metrics, if it is configured; answers its address. */
  listenForAdmin(): Promise<string | undefined>;
  /** Stops accepting requests and finishes the open ones, within the configured grace. */
  closePublic(): Promise<void>;
  closeAdmin(): Promise<void>;
};

/** Throws `OperatorError` where a file cannot be read. */
const readIdentity = (certificateFile: string, keyFile: string): TlsIdentity => {
  try {
    return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  } catch (error) {
    throw new OperatorError(
      'mtls_files_unreadable',
      'the certificate or the key of the mTLS listener cannot be read',
      'Point mtlsCertificateFile and mtlsKeyFile to PEM files that the server may read.',
      { cause: error },
    );
  }
};

export const createListeners = (
  config: Config,
  context: HandlerContext,
  {
    administration,
    tls,
    onListening,
    onMtlsListening,
  }: {
    /** Of the public listener; absent for one without TLS. */
    readonly tls: TlsIdentity | undefined;
    readonly administration: Pick<Administration, 'admin' | 'pages'> | undefined;
    readonly onListening: (url: string) => void;
    readonly onMtlsListening: (url: string) => void;
  },
): Listeners => {
  let edge: Edge | undefined;
  let mtlsEdge: Edge | undefined;
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

  const listenForCertificates = async (): Promise<void> => {
    const { mtlsPort, mtlsCertificateFile, mtlsKeyFile, mtlsPublicUrl } = config;
    if (mtlsPort === undefined || mtlsCertificateFile === undefined || mtlsKeyFile === undefined) return;
    const identity = readIdentity(mtlsCertificateFile, mtlsKeyFile);
    const where = { ...config, port: mtlsPort, socket: undefined };
    const baseUrl = (): string => mtlsPublicUrl ?? mtlsEdge?.url ?? '';
    mtlsEdge ??= await listen(where, { ...context, baseUrl }, { ...identity, requestCert: true }).catch(
      (error: unknown) => {
        throw describeListenError(error, where, 'KEYFOB_MTLS_PORT');
      },
    );
    onMtlsListening(mtlsEdge.url);
  };

  const listenForAll = async (): Promise<Listening> => {
    await listenForCertificates();
    edge ??= await listen(config, context, tls && { ...tls, requestCert: false }).catch((error: unknown) => {
      throw describeListenError(error, config, '--port');
    });
    onListening(edge.url);
    // Afterwards, because a probe must not find the server ready before clients reach it.
    return { url: edge.url, mtlsUrl: mtlsEdge?.url, adminUrl: await listenForAdmin() };
  };
  let listening: Promise<Listening> | undefined;

  return {
    // Once, because a second listener would stay open after `closePublic`.
    listen: () =>
      (listening ??= listenForAll().catch((error: unknown) => {
        listening = undefined;
        throw error;
      })),
    listenForAdmin,
    closePublic: async () => void (await Promise.all([edge?.close(), mtlsEdge?.close()])),
    closeAdmin: async () => adminListener?.close(),
  };
};
