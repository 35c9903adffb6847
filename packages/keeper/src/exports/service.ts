export { serve } from '../service/serve.ts';
export type { Service } from '../service/serve.ts';
export type { Mounted, ServiceEvent, ServiceOptions } from '../service/options.ts';
export { createServiceKey, listServiceKeys, removeServiceKey } from '../service/keys.ts';
export type { NewServiceKey, ServiceKeyView } from '../service/keys.ts';
export { SCOPES } from '../stores/service-keys.ts';
export type { ServiceScope } from '../stores/service-keys.ts';
