import { writeSection } from '../docs.ts';
import { describeMachine, readMachine } from '../machine.ts';
import { alignTable } from '../report.ts';
import { describeFigure } from './figure.ts';
import type { Figure } from './figure.ts';

const HEADS = ['measured', 'figure', 'target', ''];

/** Writes the figures to the performance document, with the command that reproduces them. */
export const writeFigures = (figures: readonly Figure[], command: string): void => {
  const table = alignTable([HEADS, ...figures.map(describeFigure)], HEADS.length);
  writeSection('volume', `\`${command}\`: ${describeMachine(readMachine())}\n\n${table}`);
};
