import type { Store } from '../../stores/store.ts';
import { countOverdue } from '../count-overdue.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** Checks that what is due is refreshed, which is what a running keeper does. */
export const examineSchedule = async (
  store: Pick<Store, 'dueSteps' | 'counts' | 'nowMs'>,
  clients: readonly string[],
): Promise<readonly Finding[]> => {
  const { states } = await store.counts();
  const late = await countOverdue(store, clients);
  const { dead = 0, uncertain = 0, suspect = 0, staged = 0 } = states;
  const trouble = uncertain + suspect + staged;
  return [
    late === 0
      ? ok('schedule', 'nothing is overdue')
      : bad(
          'schedule',
          'fail',
          `${late} refreshes are overdue by more than ten minutes`,
          'Start "keyfob-keeper serve". If it runs, raise perSecondMax of the client, or look at its refusals above.',
        ),
    trouble === 0
      ? ok('at risk', 'no connection')
      : bad(
          'at risk',
          'warn',
          `${trouble} connections`,
          'See "keyfob-keeper ls --state uncertain", suspect and staged.',
        ),
    dead === 0
      ? ok('needs consent', 'no connection')
      : bad('needs consent', 'warn', `${dead} connections`, 'See "keyfob-keeper ls --state dead".'),
  ];
};
