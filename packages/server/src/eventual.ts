/** Who waits for a result: it gets the result, or what was thrown in its place. One of the two is called, once. */
export type Waiter<Result> = {
  readonly done: (result: Result) => void;
  /** Must not throw. */
  readonly fail: (error: unknown) => void;
};

/**
 * A result that comes later, without a promise: each of those costs a microtask and several objects. It calls one of the two, once.
 * `await` waits for it as for a promise.
 */
export class Later<Result> {
  // oxlint-disable-next-line unicorn/no-thenable -- so that `await` waits for it
  readonly then: (done: Waiter<Result>['done'], fail: Waiter<Result>['fail']) => void;

  constructor(start: Later<Result>['then']) {
    // oxlint-disable-next-line unicorn/no-thenable -- see above
    this.then = start;
  }
}

export const later = <Result>(start: Later<Result>['then']): Later<Result> => new Later(start);

/** A result to be awaited, once: what gives it `Later` begins only then. */
export type Pending<Result> = Promise<Result> | Later<Result>;

/** A result: at once, from a promise, or `Later`. */
export type Eventual<Result> = Result | Pending<Result>;

/**
 * Gives a result to its waiter as soon as it is there. What the waiter throws on the way goes to its own `fail`, so that it costs
 * nobody who waits beside it anything.
 */
export const give = <Result>(eventual: Eventual<Result>, waiter: Waiter<Result>): void => {
  try {
    // By its class: a search for `then` in any object costs several times as much.
    if (eventual instanceof Later) eventual.then(waiter.done, waiter.fail);
    else if (eventual instanceof Promise)
      eventual.then((result) => give<Result>(result, waiter), waiter.fail);
    else waiter.done(eventual);
  } catch (error) {
    waiter.fail(error);
  }
};

/** What follows from a result: at once where the result is there at once. */
export const follow = <Result, Next>(
  result: Result | Promise<Result>,
  proceed: (result: Result) => Next | Promise<Next>,
): Next | Promise<Next> => (result instanceof Promise ? result.then(proceed) : proceed(result));
