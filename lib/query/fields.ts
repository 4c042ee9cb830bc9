/**
 * The fields of servers, by which they are sorted and of which rows of a table consist: every label
 * and metric of the catalogue by its name.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { countStates, SUM_METRICS, sumOf } from "../metrics/aggregates.ts";
import { MEASURED_METRICS, REAL_METRICS, VIRTUAL_METRICS } from "../metrics/catalogue.ts";
import {
  type LabelValue,
  REAL_LABELS,
  VIRTUAL_IDENTITY,
  VIRTUAL_LABELS,
} from "../metrics/labels.ts";

/** The value of a field; undefined if it is unknown or the server has none. */
export type FieldValue = LabelValue | bigint | undefined;

/** A field. A kind of server that does not have it has no reader. */
export interface Field {
  /** Its name in JSON. */
  readonly name: string;
  /** Its value for a virtual server. */
  readonly virtual?: ((server: VirtualServer) => FieldValue) | undefined;
  /** Its value for a real server. */
  readonly real?: ((server: RealServer) => FieldValue) | undefined;
}

const MEASURED = MEASURED_METRICS.map(({ name, read }) => ({
  name,
  read: ({ measured }: Server) => measured && read(measured),
}));

/** Labels and metrics of servers, without the measured rates. */
export const FIELDS: readonly Field[] = merge(
  [...VIRTUAL_LABELS, ...VIRTUAL_METRICS],
  [...REAL_LABELS, ...REAL_METRICS],
);

/** The measured rates. */
export const MEASURED_FIELDS: readonly Field[] = merge(MEASURED, MEASURED);

/** What identifies the virtual server of a real server: `virtual_address` and so on. */
export const OWNER_FIELDS: readonly Field[] = VIRTUAL_IDENTITY.map(({ name, read }) => ({
  name: `virtual_${name}`,
  virtual: read,
}));

/** What all real servers of a virtual server are together. */
export const ROLLUP_FIELDS: readonly Field[] = [
  { name: "real_servers", virtual: ({ allRealServers }) => allRealServers.length },
  ...REAL_SERVER_STATES.map((state): Field => ({
    name: `real_servers_${state.replaceAll("-", "_")}`,
    virtual: (server) => countStates(server)[state],
  })),
  { name: "weight_sum", virtual: (server) => sumOf(server, ({ weight }) => weight) },
  ...SUM_METRICS.map(({ name, read }): Field => ({ name: `${name}_sum`, virtual: read })),
];

interface Readable<S> {
  readonly name: string;
  readonly read: (server: S) => FieldValue;
}

/** One field for each name, in the order of virtual servers and then of real servers. */
function merge(
  virtuals: readonly Readable<VirtualServer>[],
  reals: readonly Readable<RealServer>[],
): Field[] {
  const names = new Set([...virtuals, ...reals].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    virtual: virtuals.find((one) => one.name === name)?.read,
    real: reals.find((one) => one.name === name)?.read,
  }));
}
