/**
 * Selects connections, with the conditions that select servers: a connection is selected with its
 * real server, or by its own addresses, so that those whose server is gone are found, too.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import type { Network } from "../ipvs/network.ts";
import { AF_INET, AF_INET6 } from "../ipvs/uapi.ts";
import type { ConnectionGroup } from "./connection_group.ts";
import type { Join } from "./connection_join.ts";
import type { SelectableReal, SelectableVirtual, Selection } from "./selection.ts";

/** Whether a selection has conditions that only a table of servers can answer. */
export function needsTable({ text }: Selection): boolean {
  return text.schedulers !== undefined || text.states !== undefined;
}

/** Whether connections are selected; `join` is undefined without a table of servers. */
export function isSelected(
  selection: Selection,
  group: ConnectionGroup,
  join: Join | undefined,
): boolean {
  if (selection.isEverything) return true;
  const { virtual, matches = [] } = join ?? {};
  if (matches.some((match) => selection.selectsReal(match.virtual, match.real))) return true;
  if (!selection.matchesReal(realOf(group))) return false;
  if (virtual !== undefined && matches.length === 0 && selection.selectsVirtual(virtual)) {
    return true;
  }
  return !needsTable(selection) && selection.matches(virtualOf(group));
}

/** The virtual server as far as connections name it. */
function virtualOf(group: ConnectionGroup): SelectableVirtual {
  const { addressFamily, protocol, fwmark, isInet6, virtualWords, port } = group;
  return {
    ...{ addressFamily, protocol: protocol ?? undefined, fwmark: fwmark ?? undefined, sched: "" },
    ...(fwmark === null ? endOf(isInet6, virtualWords, port) : NO_END),
  };
}

function realOf({ isRealInet6, realWords, realPort }: ConnectionGroup): SelectableReal {
  return endOf(isRealInet6, realWords, realPort);
}

/** Where a virtual server with a fwmark is. */
const NO_END: SelectableReal = { port: undefined, isIn: () => false };

function endOf(isInet6: boolean, words: readonly number[], port: number): SelectableReal {
  const family = isInet6 ? AF_INET6 : AF_INET;
  return {
    port,
    isIn: (network: Network) =>
      network.family === family &&
      network.contains(Uint32Array.from(words, (word) => swap32(word)), 0),
  };
}
