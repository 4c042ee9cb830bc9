/**
 * How problems name a virtual server.
 *
 * @module
 */
import type { VirtualServer } from "../ipvs/virtual_server.ts";

/** Its key, and its name if it has one: `tcp 10.0.0.1:80 (shop/web)`. */
export function titleOf({ key, name }: VirtualServer): string {
  return name === undefined ? key : `${key} (${name})`;
}
