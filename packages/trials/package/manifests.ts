import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { KEYFOB_BIN } from '../support/keyfob-process.ts';

/** The root of the repository. */
export const WORKSPACE = join(dirname(KEYFOB_BIN), '..', '..', '..');

type Variable = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
};

type Probe = {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
};

type Labels = Readonly<Record<string, string>>;

type ContainerSpec = {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly Variable[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
};

type PodSpec = {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup?: number;
    readonly fsGroup?: number;
  };
  readonly containers: readonly ContainerSpec[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly secret?: {
      readonly secretName: string;
      readonly defaultMode: number;
      readonly items: readonly { readonly key: string; readonly path: string }[];
    };
    readonly emptyDir?: object;
  }[];
};

/** A workload that runs pods: the Deployment or the Job. */
export type Workload = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly selector?: { readonly matchLabels: Labels };
    readonly template: { readonly metadata?: { readonly labels: Labels }; readonly spec: PodSpec };
  };
};

/** A service of compose.yaml. */
export type ComposeService = {
  readonly build?: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
};

/** compose.yaml with resolved anchors. */
export type Compose = {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** Reads a YAML file. Throws if it is not YAML, has two documents, or repeats a key. */
export const readYaml = (path: string): unknown =>
  parse(readFileSync(join(WORKSPACE, path), 'utf8'), { merge: true });
