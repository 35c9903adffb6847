/** Smartcar's own SDK, version 9. */
import smartcar from 'smartcar-9';
import { refreshWithSdk } from './smartcar-sdk.ts';

await refreshWithSdk(smartcar);
