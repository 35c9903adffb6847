import type { Load } from './load.ts';

/** One measured figure, and its maximum or minimum if it has a target. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
};

/** Whether a figure meets its target; `undefined` without a target. */
export const isMet = ({ value, atMost, atLeast }: Figure): boolean | undefined =>
  atMost === undefined && atLeast === undefined
    ? undefined
    : value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);

/** A quantile of ascending values; `share` is from 0 to 1. */
export const quantile = (ascending: Float64Array | readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((left, right) => left - right),
    0.5,
  );

/** The number of wrong answers, which must be 0. The name includes the first of them. */
export const faultFigure = (part: string, loads: readonly Load[]): Figure => {
  const sum = (read: (load: Load) => number): number => loads.reduce((total, load) => total + read(load), 0);
  const refreshes = sum((load) => load.refreshes);
  const fault = loads.find((load) => load.firstFault !== undefined)?.firstFault;
  const first = fault === undefined ? '' : ` (${fault})`;
  return {
    name: `${part}: wrong answers to ${showNumber(refreshes)} refreshes${first}`,
    value: sum((load) => load.wrongAnswers),
    unit: '',
    atMost: 0,
  };
};

/** Formats the name, value, target and verdict for a reader. */
export const describeFigure = (figure: Figure): readonly [string, string, string, string] => {
  const { name, value, unit } = figure;
  const verdict = { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure))] ?? '';
  return [name, withUnit(value, unit), targetOf(figure), verdict];
};

const targetOf = ({ unit, atMost, atLeast }: Figure): string => {
  if (atMost !== undefined) return `≤ ${withUnit(atMost, unit)}`;
  return atLeast === undefined ? '' : `≥ ${withUnit(atLeast, unit)}`;
};

const withUnit = (value: number, unit: string): string => {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${showNumber(value, digits)} ${unit}`.trim();
};

/** A number with spaces between its thousands. */
export const showNumber = (value: number, digits = 0): string =>
  value
    .toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replaceAll(',', ' ');
