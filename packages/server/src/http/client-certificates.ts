import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { readCertificate } from '../clients/client-certificate.ts';
import type { ClientCertificate } from '../clients/client-certificate.ts';
import type { Config } from '../config.ts';
import { parseRanges } from '../egress/address-ranges.ts';
import { OperatorError } from '../errors.ts';
import { createKeptTexts } from '../memoize.ts';
import type { WireRequest } from '../wire/exchange.ts';

/** Finds the certificates of clients. */
export type ClientCertificates = {
  /** That of a TLS connection. */
  ofConnection(socket: Socket): ClientCertificate | undefined;
  /**
   * That which one of the operator's proxies names in its header. From everybody else the header counts as not sent:
   * `headers` are those of the request without it.
   */
  ofProxy(
    address: string | undefined,
    headers: WireRequest['headers'],
  ): { readonly certificate: ClientCertificate | undefined; readonly headers: WireRequest['headers'] };
};

const HEADER_MAX_CHARACTERS = 8192;

type CertificateSettings = Pick<
  Config,
  'clientCertificateHeader' | 'clientCertificateProxies' | 'clientAuthoritiesFile'
>;

/** Throws `OperatorError` where the file with the authorities has none. */
export const createClientCertificates = (config: CertificateSettings): ClientCertificates => {
  const authorities = readAuthorities(config.clientAuthoritiesFile);
  const isProxy = createProxyCheck(config.clientCertificateProxies);
  const header = config.clientCertificateHeader?.toLowerCase();
  const kept = createKeptTexts<ClientCertificate>({ textsMax: 512, characterMax: HEADER_MAX_CHARACTERS });
  const ofConnections = new WeakMap<Socket, ClientCertificate | undefined>();

  const readHeader = (text: string): ClientCertificate | undefined => {
    const known = kept.read(text);
    if (known !== undefined) return known;
    const encoded = text.length > HEADER_MAX_CHARACTERS ? undefined : decodeHeader(text);
    const certificate = encoded === undefined ? undefined : readCertificate(encoded, authorities);
    if (certificate !== undefined) kept.keep(text, certificate);
    return certificate;
  };

  return {
    ofConnection(socket) {
      if (ofConnections.has(socket)) return ofConnections.get(socket);
      const x509 = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const certificate = x509 === undefined ? undefined : readCertificate(x509.raw, authorities);
      ofConnections.set(socket, certificate);
      return certificate;
    },
    ofProxy(address, headers) {
      const text = header === undefined ? undefined : headers[header];
      if (header === undefined || text === undefined) return { certificate: undefined, headers };
      if (isProxy(address)) return { certificate: readHeader(text), headers };
      return { certificate: undefined, headers: { ...headers, [header]: undefined } };
    },
  };
};

/** As RFC 9440 §2.1 writes it (`:base64:`), as PEM with percent signs (nginx), or as base64 of its DER. */
const decodeHeader = (text: string): Buffer | string | undefined => {
  const base64 = /^:?(?<base64>[A-Za-z0-9+/]+={0,2}):?$/.exec(text.trim())?.groups?.['base64'];
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  try {
    const decoded = decodeURIComponent(text).trim();
    // Exactly one: a proxy that adds its header to the client's own must not make the client's count.
    return ONE_PEM.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
};

const createProxyCheck = (ranges: string | undefined): ((address: string | undefined) => boolean) => {
  const list = new BlockList();
  for (const { address, bits, family } of parseRanges(ranges ?? '') ?? [])
    list.addSubnet(address, bits, family);
  return (text = '') => {
    const address = text.replace(/^::ffff:(?=[0-9.]+$)/i, '');
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
};

const ONE_PEM = /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----$/;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const readAuthorities = (path: string | undefined): readonly X509Certificate[] => {
  if (path === undefined) return [];
  try {
    const authorities = (readFileSync(path, 'utf8').match(PEM) ?? []).map((pem) => new X509Certificate(pem));
    if (authorities.length > 0) return authorities;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path);
};

const unreadable = (path: string, cause?: unknown): OperatorError =>
  new OperatorError(
    'client_authorities_unreadable',
    `there are no certificates of authorities to be read in ${path}`,
    'Point clientAuthoritiesFile to a PEM file with every authority that issues certificates to clients.',
    { cause },
  );
