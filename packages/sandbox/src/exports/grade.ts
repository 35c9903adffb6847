/** `@keyfob/sandbox/grade`: runs code that refreshes tokens through every scenario, and judges what it did. */
export { exitCodeOf, grade, scenarioTitles } from '../grade/grade.ts';
export type { GradedScenario, GradeOrder, Scorecard, Totals } from '../grade/grade.ts';
export { GRADED_DIALECTS } from '../grade/spans.ts';
export type { GradedDialect } from '../grade/spans.ts';
export { isFailed, isFlawless } from '../grade/judgement.ts';
export type { Finding, FindingKind, Judgement, Outcome } from '../grade/judgement.ts';
export { openGradeWorld } from '../grade/open-grade-world.ts';
export { createCommandRunner } from '../grade/program.ts';
export type { Runner } from '../grade/program.ts';
export type { Subject } from '../grade/run-need.ts';
export { createServiceRunner } from '../grade/service.ts';
export { renderJunit } from '../grade/junit.ts';
export { renderScorecard } from '../grade/scorecard.ts';
