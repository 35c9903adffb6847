import type { Scope } from '../../clients/scopes.ts';

/** The vendor's scopes for vehicles, as programs ask for them: teslamotors/vehicle-command#150. The words for owners are ours. */
export const teslaScopes: readonly Scope[] = [
  {
    name: 'vehicle_device_data',
    kind: 'read',
    text: { en: 'Data of your vehicle', ko: '차량 데이터' },
  },
  {
    name: 'vehicle_cmds',
    kind: 'control',
    text: { en: 'Send commands to your vehicle', ko: '차량에 명령 전송' },
  },
  {
    name: 'vehicle_charging_cmds',
    kind: 'control',
    text: { en: 'Start and stop charging, and schedule it', ko: '충전 시작, 중지 및 예약' },
  },
];
