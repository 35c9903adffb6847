import { fileURLToPath } from 'node:url';
import { startSandboxServer } from '@keyfob/sandbox';
import { createCommandRunner, grade, openGradeWorld } from '@keyfob/sandbox/grade';
import type { GradedDialect, GradedScenario, Scorecard, Subject } from '@keyfob/sandbox/grade';

export type Words = readonly [program: string, ...args: string[]];

/** How a command is graded, where it is not as usual. */
export type GradeWordsOptions = {
  readonly dialect?: GradedDialect;
  readonly scenarios?: readonly string[];
  readonly limitSeconds?: number;
  readonly isRealTime?: boolean;
  readonly jobs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly subject?: Partial<Subject>;
  readonly onProgress?: (done: number, total: number) => void;
};

/** The command that runs a graded program of the folder `subjects` with this Node. */
export const subjectWords = (name: string, ...args: readonly string[]): Words => [
  process.execPath,
  fileURLToPath(new URL(`subjects/${name}.ts`, import.meta.url)),
  ...args,
];

/** The command that runs a script with this Node. */
export const scriptWords = (script: string): Words => [process.execPath, '--input-type=module', '-e', script];

/** Grades a command in a sandbox of its own. */
export const gradeWords = async (words: Words, options: GradeWordsOptions = {}): Promise<Scorecard> => {
  const { dialect = 'smartcar', scenarios, limitSeconds = 60, isRealTime = false, jobs = 2 } = options;
  const sandbox = await startSandboxServer();
  try {
    return await grade({
      subject: {
        command: words,
        limitMs: limitSeconds * 1000,
        environment: options.environment ?? {},
        isPrinting: true,
        openRunner: () => createCommandRunner(words),
        ...options.subject,
      },
      dialect,
      scenarios,
      isRealTime,
      jobs,
      openWorld: openGradeWorld(sandbox, undefined),
      onProgress: options.onProgress ?? (() => {}),
      signal: new AbortController().signal,
    });
  } finally {
    await sandbox.close();
  }
};

/** A scorecard in short: each scenario with its outcome and findings, such as `kept, hammered`. */
export const inShort = ({ scenarios }: Pick<Scorecard, 'scenarios'>): Readonly<Record<string, string>> =>
  Object.fromEntries(scenarios.map((scenario) => [scenario.name, resultInShort(scenario)]));

const resultInShort = ({ outcome, findings }: GradedScenario): string =>
  [outcome, ...new Set(findings.map(({ kind }) => kind))].join(', ');
