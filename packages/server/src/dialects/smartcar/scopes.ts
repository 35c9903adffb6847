import type { Scope } from '../../clients/scopes.ts';
import { oauthScopes } from '../oauth/scopes.ts';

/** What the vendor documents besides. https://smartcar.com/docs/api-reference/permissions */
const OTHERS: readonly Scope[] = [
  {
    name: 'read_charge_locations',
    kind: 'read',
    text: { en: 'Charging locations', ko: '충전 장소' },
  },
  {
    name: 'read_charge_records',
    kind: 'read',
    text: { en: 'Charging history', ko: '충전 이력' },
  },
  {
    name: 'read_charge_events',
    kind: 'read',
    text: { en: 'When charging starts and stops', ko: '충전 시작 및 종료 시점' },
  },
  {
    name: 'read_climate',
    kind: 'read',
    text: { en: 'Climate settings', ko: '공조 설정' },
  },
  {
    name: 'read_compass',
    kind: 'read',
    text: { en: 'Compass direction', ko: '차량이 향한 방향' },
  },
  {
    name: 'read_diagnostics',
    kind: 'read',
    text: { en: 'Warnings and fault codes', ko: '경고 및 고장 코드' },
  },
  {
    name: 'read_engine_oil',
    kind: 'read',
    text: { en: 'Engine oil life', ko: '엔진 오일 수명' },
  },
  {
    name: 'read_extended_vehicle_info',
    kind: 'read',
    text: { en: 'Equipment and technical details', ko: '차량 사양 및 상세 정보' },
  },
  {
    name: 'read_fuel',
    kind: 'read',
    text: { en: 'Fuel level and range', ko: '연료 잔량 및 주행 가능 거리' },
  },
  {
    name: 'read_security',
    kind: 'read',
    text: { en: 'Whether doors and windows are closed and locked', ko: '문과 창문의 닫힘 및 잠금 상태' },
  },
  {
    name: 'read_service_history',
    kind: 'read',
    text: { en: 'Service history', ko: '정비 이력' },
  },
  {
    name: 'read_speedometer',
    kind: 'read',
    text: { en: 'Speed', ko: '주행 속도' },
  },
  {
    name: 'read_thermometer',
    kind: 'read',
    text: { en: 'Inside and outside temperature', ko: '실내 및 실외 온도' },
  },
  {
    name: 'read_tires',
    kind: 'read',
    text: { en: 'Tire pressure', ko: '타이어 공기압' },
  },
  {
    name: 'read_user_profile',
    kind: 'read',
    text: { en: 'Your name and contact details', ko: '이름 및 연락처' },
  },
  {
    name: 'control_climate',
    kind: 'control',
    text: { en: 'Set heating and cooling', ko: '냉난방 조절' },
  },
  {
    name: 'control_navigation',
    kind: 'control',
    text: { en: 'Send destinations to the car', ko: '차량으로 목적지 전송' },
  },
  {
    name: 'control_pin',
    kind: 'control',
    text: { en: 'Set the PIN for driving', ko: '주행용 PIN 설정' },
  },
  {
    name: 'control_trunk',
    kind: 'control',
    text: { en: 'Open and close the trunk', ko: '트렁크 열기 및 닫기' },
  },
];

/** The vendor's documented permissions. */
export const smartcarScopes: readonly Scope[] = [...oauthScopes, ...OTHERS];
