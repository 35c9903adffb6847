import { openKeeperIn, retireSpool } from './keeper-process.ts';
import { consent } from './owners.ts';
import { startProcess } from './process.ts';
import type { VirtualProcess } from './process.ts';
import type { Running, Simulation } from './simulation-state.ts';

/** Starts a process, and its keeper. A start that the store refuses is made again. */
export const start = async (simulation: Simulation, number: number): Promise<void> => {
  const { time, wall, processes, running, checker } = simulation;
  const process = startProcess(processes.length, time, wall);
  processes.push(process);
  try {
    const keeper = await openKeeperIn(process, { ...simulation, newId: idsOf(simulation, process) });
    running[number] = { process, keeper };
    keeper.on('*', (event) => {
      checker.deaths.announced(event);
      const [car] = event.connections;
      if (event.event.kind !== 'needs_consent' || car === undefined) return;
      time.at(simulation.prng.between(1000, 200_000), () => consent(simulation, car));
    });
  } catch {
    process.kill();
    time.at(1000, () => void start(simulation, number));
  }
};

/** The ids that a process makes. The first one is in the name of its spool. */
const idsOf = ({ state, shared }: Simulation, process: VirtualProcess): (() => string) => {
  let owner: string | undefined;
  process.onDeath(() => {
    if (owner !== undefined) retireSpool(shared.directory, owner);
  });
  return () => {
    const id = `id-${++state.made}`;
    owner ??= id;
    return id;
  };
};

/** A process with other settings: it does not know the client whose answers are in the spools of the machine. */
export const visit = async (simulation: Simulation): Promise<void> => {
  const { time, wall, processes, plan, checker } = simulation;
  const process = startProcess(processes.length, time, wall);
  processes.push(process);
  checker.ledger.note(`process ${process.number} knows other clients`);
  // It sends nothing of a car, so nothing is expected of it.
  process.upset(VISIT_MAX_MS);
  time.at(plan.weather.between(5000, VISIT_MAX_MS), process.kill);
  try {
    await openKeeperIn(process, { ...simulation, client: 'trucks', newId: idsOf(simulation, process) });
  } catch {
    process.kill();
    time.at(5000, () => void visit(simulation));
  }
};

const VISIT_MAX_MS = 60_000;

/** Stops a process for a while: as SIGSTOP does, or as a machine that sleeps. */
export const stopOne = (
  { checker }: Simulation,
  { process }: Running,
  ms: number,
  isAsleep: boolean,
): void => {
  checker.ledger.note(`process ${process.number} ${isAsleep ? 'sleeps' : 'is stopped'} for ${ms} ms`);
  process.stop(ms, isAsleep);
};

/** Kills what runs on a machine. It starts again later. */
export const killOne = (simulation: Simulation, number: number): void => {
  const { running, time, prng, plan, state } = simulation;
  const one = running[number];
  if (one === undefined) return;
  state.kills += 1;
  simulation.checker.ledger.note(`process ${one.process.number} dies`);
  one.process.kill();
  running[number] = undefined;
  if (plan.troubles.has('strangers') && plan.weather.chance(0.5))
    time.at(plan.weather.between(100, 3000), () => void visit(simulation));
  time.at(prng.between(500, 90_000), () => void start(simulation, number));
};
