import { bmw } from './bmw.ts';
import { oauth } from './clients.ts';
import { ford } from './ford.ts';
import { hyundai } from './hyundai.ts';
import { pleos } from './pleos.ts';
import { smartcar, smartcarV3 } from './smartcar.ts';
import { tesla } from './tesla.ts';
import { volvo } from './volvo.ts';

export { BMW, bmw } from './bmw.ts';
export { oauth } from './clients.ts';
export { FORD, ford } from './ford.ts';
export { HYUNDAI, hyundai } from './hyundai.ts';
export { PLEOS, pleos } from './pleos.ts';
export { SMARTCAR, SMARTCAR_V3, smartcar, smartcarV3 } from './smartcar.ts';
export { TESLA, tesla } from './tesla.ts';
export { VOLVO, volvo } from './volvo.ts';

/** The providers that settings can name, with what makes a client of one. A new vendor is one more file and its entry here. */
export const PROVIDERS = {
  smartcar,
  'smartcar-v3': smartcarV3,
  pleos,
  tesla,
  volvo,
  ford,
  hyundai,
  bmw,
  oauth,
} as const;

/** Their names. The first is the default. */
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly (keyof typeof PROVIDERS)[];
