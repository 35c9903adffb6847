import type { Powertrain, Vehicle } from '../../grants/vehicle.ts';

/** A simulated owner, for trying things out. */
export type DemoOwner = {
  /** Identifies the owner in forms. */
  readonly id: string;
  readonly subject: string;
  readonly vehicles: readonly Vehicle[];
};

/** The prefix of every simulated subject. A sign-in at the provider is refused if its subject has this prefix. */
const SIMULATED_PREFIX = 'simulated:';

export const isSimulatedSubject = (subject: string): boolean => subject.startsWith(SIMULATED_PREFIX);

const vehicle = (
  id: string,
  vin: string,
  [make, model, year, powertrain]: readonly [string, string, number, Powertrain],
  nickname = '',
): Vehicle => ({ id, vin, make, model, year, nickname, powertrain });

/** One vehicle; several makes of one group; makes of other groups; no vehicle. The VINs have valid check digits. */
const HOUSEHOLDS: Readonly<Record<string, readonly Vehicle[]>> = {
  '1': [
    vehicle('9e2c0502-36cd-5f62-a987-a4b4dde6d189', 'KMHKM81A0RU104217', ['hyundai', 'IONIQ 5', 2024, 'EV']),
  ],
  '2': [
    vehicle('431df679-8708-5209-8aff-c32138260bf1', 'KNDC3DLC9P5091462', ['kia', 'EV6', 2023, 'EV'], 'Blue'),
    vehicle('10add9c1-593f-5181-9b4d-99b7494f054e', 'KNDPUCDG2R7155309', ['kia', 'Sportage', 2024, 'HV']),
    vehicle('b58591dc-2fb0-5e92-9e2d-17cb90ee3ee9', 'KMTKB1SCXPU013746', ['genesis', 'GV60', 2023, 'EV']),
    vehicle('d49776f5-2a57-5d6c-82b3-fce702d1527d', 'KMHJB81B2SU020884', ['hyundai', 'TUCSON', 2025, 'GN']),
  ],
  '3': [
    vehicle('7b431d12-accb-5d3e-8b93-dae7e1a11ac2', '5YJ3E1EA1PF402935', ['tesla', 'Model 3', 2023, 'EV']),
    vehicle('f2032780-b9bf-5200-8d69-38e5d6d0fd2b', 'YV4H600N9R2311874', ['volvo', 'XC60', 2024, 'PE']),
  ],
  '4': [],
};

/** The simulated owners, in the order in which the sign-in page offers them. */
export const DEMO_OWNERS: readonly DemoOwner[] = Object.entries(HOUSEHOLDS).map(([id, vehicles]) => ({
  id,
  subject: `${SIMULATED_PREFIX}owner-${id}`,
  vehicles,
}));
