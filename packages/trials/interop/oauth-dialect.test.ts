import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { DEMO_OWNERS } from '@keyfob/server/connect/sign-in/demo-owners';
