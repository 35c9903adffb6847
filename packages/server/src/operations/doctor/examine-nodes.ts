import type { NodeDetails } from '../read-nodes.ts';
import type { Sentence } from '../../language.ts';
import { ok, warn } from './finding.ts';
import { listFirst } from './list-first.ts';
import type { Finding } from './finding.ts';

/** By which clocks of machines may differ from the store's. */
const AGREEMENT_MS = 5000;
const NODES_SHOWN = 3;

/** Whether the nodes that run are of one version, and agree about the time. */
export const examineNodes = (nodes: readonly NodeDetails[]): Finding => {
  const check = 'nodes';
  const running = nodes.filter(({ state }) => state === 'running');
  const gone = nodes.length - running.length;
  const versions = [...Map.groupBy(running, ({ version }) => version)];
  const counted: Sentence = {
    en: `${running.length === 0 ? 'none' : running.length} running${gone === 0 ? '' : `, ${gone} gone without a stop in the last day`}`,
    ko: `실행 중 ${running.length}개${gone === 0 ? '' : `, 지난 하루 동안 정상 종료 없이 사라진 노드 ${gone}개`}`,
  };
  if (versions.length > 1) {
    const list = (write: (version: string, hosts: Sentence) => string): string =>
      versions.map(([version, some]) => write(version, listHosts(some))).join(', ');
    return warn(
      check,
      {
        en: `${counted.en}, of ${versions.length} versions: ${list((version, { en }) => `${version} on ${en}`)}`,
        ko: `${counted.ko}, 버전이 ${versions.length}가지입니다: ${list((version, { ko }) => `${version} (${ko})`)}`,
      },
      {
        en: 'Finish the upgrade: an older node lacks what a newer one knows.',
        ko: '업그레이드를 마치세요. 이전 버전의 노드는 새 버전이 아는 것을 모릅니다.',
      },
    );
  }
  const skewed = running.filter(({ skewMs }) => Math.abs(skewMs) > AGREEMENT_MS);
  if (skewed.length > 0)
    return warn(
      check,
      {
        en: `${counted.en}; clocks differ on ${listHosts(skewed).en}`,
        ko: `${counted.ko}, 시계가 다른 컴퓨터: ${listHosts(skewed).ko}`,
      },
      {
        en: 'Synchronise the clocks of these machines with NTP.',
        ko: '이 컴퓨터의 시계를 NTP로 동기화하세요.',
      },
    );
  return ok(check, counted);
};

const listHosts = (nodes: readonly NodeDetails[]): Sentence =>
  listFirst([...new Set(nodes.map(({ host }) => host))], NODES_SHOWN);
