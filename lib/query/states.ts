/**
 * The states that servers can be selected by.
 *
 * @module
 */
import { REAL_SERVER_STATES } from "../ipvs/real_server.ts";
import { VIRTUAL_SERVER_STATES } from "../ipvs/virtual_server.ts";

/** States of real servers, then those of virtual servers. */
export const STATES: readonly string[] = [
  ...new Set<string>([...REAL_SERVER_STATES, ...VIRTUAL_SERVER_STATES]),
];
