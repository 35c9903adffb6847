import type { OwnersText } from '../dialect.ts';

/**
 * What the Vehicle Data API gives for every vehicle that is shared, one entry per endpoint, with the identification
 * number by which it names vehicles.
 *
 * @see https://pleos.ai/playground/resources/en/api-reference/vehicle-data-api/intro
 */
export const SHARED_DATA: readonly OwnersText[] = [
  { en: 'Model and vehicle identification number (VIN)', ko: '차종 및 차대번호(VIN)' },
  { en: 'Location, direction and speed', ko: '차량 위치, 방향 및 속도' },
  { en: 'Battery level and charging', ko: '배터리 잔량 및 충전 상태' },
  { en: 'State of the engine, the motor and the battery', ko: '엔진, 모터 및 배터리 상태' },
  { en: 'Whether the car is running, and odometer', ko: '운행 여부 및 누적 주행거리' },
  { en: 'Doors, windows, tires, climate and warnings', ko: '문, 창문, 타이어, 공조 및 경고 상태' },
  { en: 'How the car was driven in the past days', ko: '지난 며칠간의 주행 기록' },
];
