import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { shareCores } from '../cores.ts';
import { readProcess } from '../measure.ts';
import type { Figure } from '../volume/figure.ts';
import { measureService } from './load.ts';
import type { Plan, SubjectMessage } from './plan.ts';

/** Measures a keeper in a process of its own, and reports each figure when it is known. */
export const measureKeeper = async (
  plan: Plan,
  on: {
    figure(figure: Figure): void;
    progress(part: string, done: number, total: number): void;
  },
): Promise<{ readonly cores: string }> => {
  const cores = shareCores();
  const subject = fork(fileURLToPath(new URL('subject.ts', import.meta.url)), {
    execArgv: ['--conditions=keyfob-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const stop = (): void => void subject.kill();
  process.once('exit', stop);
  const isServed = plan.parts.includes('serve');
  if (isServed && subject.pid !== undefined) cores.pin(subject.pid, 'server');
  if (isServed) cores.pin(process.pid, 'generator');
  subject.on('message', (message: SubjectMessage) => {
    if (message.kind === 'figure') on.figure(message.figure);
    if (message.kind === 'progress') on.progress(message.part, message.done, message.total);
    if (message.kind === 'serving') void load(message);
  });
  const load = async (message: Extract<SubjectMessage, { kind: 'serving' }>): Promise<void> => {
    for (const figure of await measureService(message, {
      seconds: plan.serveSeconds,
      cpuMicros: () =>
        (subject.pid === undefined ? undefined : readProcess(subject.pid)?.cpuMicros) ?? Number.NaN,
    }))
      on.figure(figure);
    subject.send('go on');
  };
  subject.send(plan);
  const [code] = (await once(subject, 'exit')) as [number | null];
  process.off('exit', stop);
  if (code !== 0) throw new Error(`the process with the keeper ended with ${code ?? 'a signal'}`);
  return { cores: isServed ? cores.note : '' };
};
