import type { Scope } from '../../clients/scopes.ts';

/** What a platform offers that declares no scopes of its own (`scopesFile`); other dialects add to it. */
export const oauthScopes: readonly Scope[] = [
  {
    name: 'read_vehicle_info',
    kind: 'read',
    text: { en: 'Make, model and year', ko: '제조사, 모델 및 연식' },
  },
  {
    name: 'read_vin',
    kind: 'read',
    text: { en: 'Vehicle identification number (VIN)', ko: '차대번호(VIN)' },
  },
  {
    name: 'read_odometer',
    kind: 'read',
    text: { en: 'Odometer', ko: '누적 주행거리' },
  },
  {
    name: 'read_location',
    kind: 'read',
    text: { en: 'Location', ko: '차량 위치' },
  },
  {
    name: 'read_battery',
    kind: 'read',
    text: { en: 'Battery level and range', ko: '배터리 잔량 및 주행 가능 거리' },
  },
  {
    name: 'read_charge',
    kind: 'read',
    text: { en: 'Charging status', ko: '충전 상태' },
  },
  {
    name: 'control_charge',
    kind: 'control',
    text: { en: 'Start and stop charging', ko: '충전 시작 및 중지' },
  },
  {
    name: 'control_security',
    kind: 'control',
    text: { en: 'Lock and unlock the doors', ko: '문 잠금 및 잠금 해제' },
  },
];
