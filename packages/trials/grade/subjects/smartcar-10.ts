/** Smartcar's own SDK, version 10. */
import smartcar from 'smartcar';
import { refreshWithSdk } from './smartcar-sdk.ts';

await refreshWithSdk(smartcar);
