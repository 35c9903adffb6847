import type { Scope } from '../../clients/scopes.ts';

/** The vendor's scopes, as programs ask for them: dj0abr/bmw-mqtt-bridge, bmw-cardata. The words for owners are ours. */
export const forgerockScopes: readonly Scope[] = [
  {
    name: 'cardata:api:read',
    kind: 'read',
    text: { en: 'Data of your vehicle', ko: '차량 데이터' },
  },
  {
    name: 'cardata:streaming:read',
    kind: 'read',
    text: { en: 'Data of your vehicle, as it changes', ko: '실시간 차량 데이터' },
  },
];
