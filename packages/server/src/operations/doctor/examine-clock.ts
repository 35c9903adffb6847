import { systemClock } from '../../clock.ts';
import type { Millis } from '../../clock.ts';
import type { ClockSource } from '../../clock-source.ts';
import { asIs } from '../../language.ts';
import type { Sentence } from '../../language.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const EARLIEST_MS = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;
const SLACK_MS = 60_000;
/** By which the machine's clock may differ from the database's. */
const AGREEMENT_MS = 5000;

const SYNCHRONISE: Sentence = {
  en: 'Set the clock and synchronise it with NTP.',
  ko: '시계를 맞추고 NTP로 동기화하세요.',
};

type Time = Pick<ClockSource, 'now' | 'skewMs' | 'isFarOff' | 'doubt' | 'earliest'>;

/** Checks the machine's clock against the newest moments of a store in a file. */
export const examineClock = (time: Time | undefined, newestGrantAtMs: Millis): Finding => {
  const nowMs = time === undefined ? systemClock() : time.now() + time.skewMs();
  const now = new Date(nowMs).toISOString();
  const isBehind = nowMs < EARLIEST_MS || nowMs + SLACK_MS < newestGrantAtMs;
  if (isBehind)
    return behind({ en: `${now}, earlier than the newest grant`, ko: `${now}, 최신 그랜트보다 이릅니다.` });
  if (time === undefined) return ok('clock', asIs(now));
  if (time.skewMs() < -SLACK_MS)
    return behind({
      en: `${now}, earlier than a server noted in the store`,
      ko: `${now}, 서버가 저장소에 기록한 시각보다 이릅니다.`,
    });
  const aheadMs = time.doubt()?.byMs ?? 0;
  if (aheadMs <= DAY_MS) return ok('clock', asIs(now));
  const days = Math.floor(aheadMs / DAY_MS);
  return bad(
    'clock',
    'warn',
    {
      en: `${now}, ${days} days after the newest moment that a server noted`,
      ko: `${now}, 서버가 기록한 최신 시각보다 ${days}일 뒤입니다.`,
    },
    {
      en: 'Check the clock. If it is right, start the server with --trust-clock, once.',
      ko: '시계를 확인하세요. 시계가 맞으면 --trust-clock 옵션으로 서버를 한 번 시작하세요.',
    },
  );
};

const behind = (finding: Sentence): Finding => bad('clock', 'fail', finding, SYNCHRONISE);

/** Checks the machine's clock against that of the database, which every node uses. */
export const examineSharedClock = (time: Time): Finding => {
  const skewMs = time.skewMs();
  const now = new Date(time.now() + skewMs).toISOString();
  if (Math.abs(skewMs) <= AGREEMENT_MS) return ok('clock', asIs(now));
  const isAhead = skewMs > 0;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const finding = {
    en: `${now}, ${seconds} s ${isAhead ? 'ahead of' : 'behind'} the database's, which the nodes use`,
    ko: `${now}, 노드가 쓰는 데이터베이스 시계보다 ${seconds}초 ${isAhead ? '빠릅니다' : '느립니다'}.`,
  };
  return bad('clock', time.isFarOff() ? 'fail' : 'warn', finding, SYNCHRONISE);
};
