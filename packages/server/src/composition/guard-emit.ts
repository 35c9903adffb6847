import type { Emit } from '../log-event.ts';

/**
 * The host's `emit`, made safe: neither an exception nor a rejected promise may cost a request its answer or end the
 * process. The first failure is reported as a warning of the process.
 */
export const guardEmit = (emit: Emit): Emit => {
  let hasWarned = false;
  const warn = (error: unknown): void => {
    if (hasWarned) return;
    hasWarned = true;
    const cause = error instanceof Error ? error.message : String(error);
    process.emitWarning(`the function that was passed as "emit" failed: ${cause}`, 'KeyfobWarning');
  };
  return (event) => {
    try {
      const result: unknown = emit(event);
      if (result instanceof Promise) result.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
};
