import type { Scope } from '../../clients/scopes.ts';

/** The vendor's scopes, as programs ask for them: teslamotors/vehicle-command#150, tescmd. The words for owners are ours. */
export const teslaScopes: readonly Scope[] = [
  {
    name: 'user_data',
    kind: 'read',
    text: { en: 'Your name and contact data', ko: '이름 및 연락처' },
  },
  {
    name: 'vehicle_device_data',
    kind: 'read',
    text: { en: 'Data of your vehicle', ko: '차량 데이터' },
  },
  {
    name: 'vehicle_location',
    kind: 'read',
    text: { en: 'Location of your vehicle', ko: '차량 위치' },
  },
  {
    name: 'energy_device_data',
    kind: 'read',
    text: { en: 'Data of your energy products', ko: '에너지 제품 데이터' },
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
  {
    name: 'energy_cmds',
    kind: 'control',
    text: { en: 'Change settings of your energy products', ko: '에너지 제품 설정 변경' },
  },
];
