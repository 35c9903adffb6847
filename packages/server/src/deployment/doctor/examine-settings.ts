import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config.ts';
import { asIs } from '../../language.ts';
import type { Sentence } from '../../language.ts';
import { examineClients } from '../../operations/doctor/examined-clients.ts';
import type { ExaminedClients } from '../../operations/doctor/examined-clients.ts';
import { ok, warn } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

/** Whether guessing secrets is throttled. */
export const examineGuessing = (config: Config): Finding => {
  const { authenticationFailuresPerAddressMax: perAddress, authenticationFailuresPerClientMax: perClient } =
    config;
  const check = 'guessing';
  const off = [
    ...(perAddress === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX'] : []),
    ...(perClient === 0 ? ['KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX'] : []),
  ];
  if (off.length > 0)
    return warn(
      check,
      {
        en: `${off.join(' and ')}: 0, which turns the limit off`,
        ko: `값이 0이면 제한이 꺼집니다: ${off.join(', ')}`,
      },
      { en: 'Use the default, or a value above 0.', ko: '기본값이나 0보다 큰 값을 사용하세요.' },
    );
  const { authenticationFailuresWindowSeconds: window } = config;
  return ok(check, {
    en: `${perAddress} failures per address and ${perClient} per client in ${window} s`,
    ko: `${window}초에 주소별 실패 ${perAddress}회, 클라이언트별 실패 ${perClient}회`,
  });
};

/**
 * Whether limits per address count callers or only the proxy. The server speaks plain HTTP, so a public URL with https
 * means that a proxy is in front.
 */
export const examineForwarding = ({ forwardedHops, publicUrl }: Config): Finding => {
  const check = 'callers';
  if (forwardedHops > 0)
    return ok(check, {
      en: `named by X-Forwarded-For, through ${forwardedHops} proxies`,
      ko: `X-Forwarded-For로 확인, 프록시 ${forwardedHops}개 경유`,
    });
  if (publicUrl?.startsWith('https:') !== true)
    return ok(check, { en: 'the addresses of the connections', ko: '연결의 주소' });
  return warn(
    check,
    {
      en: 'KEYFOB_PUBLIC_URL is https, so a proxy is in front, but KEYFOB_FORWARDED_HOPS is 0: all callers share its address',
      ko: 'KEYFOB_PUBLIC_URL이 https이므로 앞에 프록시가 있지만 KEYFOB_FORWARDED_HOPS가 0입니다. 모든 호출자가 프록시의 주소로 보입니다.',
    },
    {
      en: 'Set KEYFOB_FORWARDED_HOPS to the number of your proxies that add to X-Forwarded-For.',
      ko: 'KEYFOB_FORWARDED_HOPS를 X-Forwarded-For에 주소를 추가하는 프록시의 수로 설정하세요.',
    },
  );
};

/** Whether JWTs name a lasting issuer: without `publicUrl`, the issuer is the address that each server listens on. */
export const examineIssuer = ({ publicUrl }: Config, clients: ExaminedClients): Finding =>
  publicUrl === undefined ? examineClients(clients, examineAddress) : ok('issuer', asIs(publicUrl));

const examineAddress = (clients: readonly Client[]): Finding => {
  const check = 'issuer';
  const count = clients.filter(
    ({ policy }) => policy.accessTokenFormat === 'jwt' || policy.clientCredentials,
  ).length;
  if (count === 0)
    return ok(check, {
      en: 'the address of each server; no client gets JWTs',
      ko: '각 서버의 주소, JWT를 받는 클라이언트 없음',
    });
  return warn(
    check,
    {
      en: `KEYFOB_PUBLIC_URL is not set, so JWTs of ${count} clients are valid only at the address that issued them`,
      ko: `KEYFOB_PUBLIC_URL이 설정되지 않아 클라이언트 ${count}개의 JWT는 발급한 주소에서만 유효합니다.`,
    },
    {
      en: 'Set KEYFOB_PUBLIC_URL to the same URL for every server on this store.',
      ko: '이 저장소를 쓰는 모든 서버에 같은 KEYFOB_PUBLIC_URL을 설정하세요.',
    },
  );
};

/** How long is kept what happened to grants, and the grants themselves. */
export const examineRetention = ({ grantEventDays, endedGrantDays }: Config): Finding =>
  ok('retention', {
    en: `grant events ${grantEventDays === 0 ? 'until they are delivered' : `${grantEventDays} days`}, ended grants at least ${endedGrantDays} days (keyfob prune)`,
    ko: `그랜트 사건 ${grantEventDays === 0 ? '전송할 때까지' : `${grantEventDays}일`}, 끝난 그랜트 최소 ${endedGrantDays}일 (keyfob prune)`,
  });

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

const TLS_REMEDY: Sentence = {
  en: 'Put a proxy with TLS in front, and set KEYFOB_PUBLIC_URL to its https URL.',
  ko: '앞에 TLS 프록시를 두고 KEYFOB_PUBLIC_URL을 그 https URL로 설정하세요.',
};

/** Whether clients reach the server by TLS, which a proxy in front of it ends. */
export const examineTls = ({ publicUrl, host, socket }: Config): Finding => {
  const check = 'tls';
  if (publicUrl === undefined) {
    const isLocal = socket !== undefined || LOOPBACK.has(host) || host === '::1';
    return isLocal
      ? ok(check, {
          en: `listens on this machine only (${socket ?? host})`,
          ko: `이 컴퓨터에서만 연결을 받음 (${socket ?? host})`,
        })
      : warn(
          check,
          {
            en: `listens on ${host} without TLS, and has no public URL: tokens cross the network unencrypted`,
            ko: `${host} 주소에서 TLS 없이 연결을 받고 공개 URL이 없습니다. 토큰이 암호화되지 않은 채 네트워크를 지납니다.`,
          },
          TLS_REMEDY,
        );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:')
    return ok(check, {
      en: `${publicUrl}: TLS ends at the proxy in front`,
      ko: `${publicUrl}: TLS는 앞의 프록시에서 끝납니다.`,
    });
  if (LOOPBACK.has(hostname))
    return ok(check, { en: `${publicUrl}: this machine only`, ko: `${publicUrl}: 이 컴퓨터 전용` });
  return warn(
    check,
    {
      en: `${publicUrl} is http: tokens cross the network unencrypted`,
      ko: `http 주소입니다(${publicUrl}). 토큰이 암호화되지 않은 채 네트워크를 지납니다.`,
    },
    TLS_REMEDY,
  );
};
