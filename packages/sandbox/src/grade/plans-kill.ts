import { BEGIN, GO_ON, need, wait } from './plan.ts';
import type { Plan } from './plan.ts';

/** The command is killed at a moment of a refresh, and called again five seconds later. */
export const KILL_PLANS: readonly Plan[] = [
  {
    name: 'killed-at-request',
    title: 'killed when the server has its request, which is lost too',
    steps: () => [...BEGIN, { do: 'need', kill: 'request' }, ...GO_ON],
  },
  {
    name: 'killed-after-commit',
    title: 'killed when the server has exchanged the token, before the answer',
    steps: () => [...BEGIN, { do: 'need', kill: 'commit' }, ...GO_ON],
  },
  {
    name: 'killed-in-answer',
    title: 'killed when half of the answer has arrived',
    steps: () => [...BEGIN, { do: 'need', kill: 'partial-answer' }, ...GO_ON],
  },
  {
    name: 'killed-after-answer',
    title: 'killed as soon as the whole answer has left the server',
    steps: () => [...BEGIN, { do: 'need', kill: 'answer' }, ...GO_ON],
  },
  {
    name: 'killed-while-storing',
    title: 'killed in the middle of writing its state',
    steps: () => [
      ...BEGIN,
      need,
      wait('pastAccess'),
      { do: 'need', kill: 'storing' },
      wait('pastAccess'),
      need,
      ...GO_ON,
    ],
  },
  {
    name: 'killed-at-exit',
    title: 'killed as it prints the token, twice, and next called when that has expired',
    steps: () => [
      ...BEGIN,
      { do: 'need', kill: 'print' },
      wait('pastAccess'),
      { do: 'need', kill: 'exit' },
      wait('pastAccess'),
      need,
      ...GO_ON,
    ],
  },
];
