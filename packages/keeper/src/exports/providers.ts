export { clientOf, oauth, pleos, smartcar, smartcarV3, tesla, volvo } from '../providers/clients.ts';
export type { Client, ClientOptions } from '../providers/clients.ts';
export { defineProvider } from '../providers/provider.ts';
export type { Lifetimes, Provider, Repeats } from '../providers/provider.ts';
export { PLEOS } from '../providers/pleos.ts';
export { SMARTCAR, SMARTCAR_V3 } from '../providers/smartcar.ts';
export { TESLA } from '../providers/tesla.ts';
export { VOLVO } from '../providers/volvo.ts';
export type { LearnedFacts, Surprise } from '../providers/learned.ts';
