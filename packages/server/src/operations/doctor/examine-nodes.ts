import type { NodeDetails } from '../read-nodes.ts';
import { ok, warn } from './finding.ts';
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
  const counted = `${running.length} running${gone === 0 ? '' : `, ${gone} gone without a stop in the last day`}`;
  if (versions.length > 1) {
    const shown = versions.map(([version, some]) => `${version} on ${listHosts(some)}`).join(', ');
    return warn(
      check,
      `${counted}, of ${versions.length} versions: ${shown}`,
      'Finish the upgrade: an older node lacks what a newer one knows.',
    );
  }
  const skewed = running.filter(({ skewMs }) => Math.abs(skewMs) > AGREEMENT_MS);
  if (skewed.length > 0)
    return warn(
      check,
      `${counted}; clocks differ on ${listHosts(skewed)}`,
      'Synchronise the clocks of these machines with NTP.',
    );
  return ok(check, running.length === 0 ? `none running${counted.slice('0 running'.length)}` : counted);
};

const listHosts = (nodes: readonly NodeDetails[]): string => {
  const hosts = [...new Set(nodes.map(({ host }) => host))];
  const more = hosts.length > NODES_SHOWN ? ` and ${hosts.length - NODES_SHOWN} more` : '';
  return `${hosts.slice(0, NODES_SHOWN).join(', ')}${more}`;
};
