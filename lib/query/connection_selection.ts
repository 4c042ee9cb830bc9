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
import { isAt, parseEndpoint } from "./endpoint.ts";
import { parseFwmark, type Selection } from "./selection.ts";

/** Addresses and ports of a group as patterns compare them. */
interface Ends {
  readonly virtual: { port: number | undefined; isIn(network: Network): boolean };
  readonly real: { port: number | undefined; isIn(network: Network): boolean };
}

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
  if (matches.some((match) => selection.matchesReal(match.virtual, match.real))) return true;
  const ends = endsOf(group);
  if (!isAnyOf(selection.text.reals, (text) => isAt(ends.real, parseEndpoint(text)!))) return false;
  if (virtual !== undefined && matches.length === 0 && selection.matchesVirtual(virtual)) {
    return true;
  }
  return !needsTable(selection) && isSelectedByLine(selection, group, ends);
}

function isSelectedByLine({ text }: Selection, group: ConnectionGroup, ends: Ends): boolean {
  const { protocol, addressFamily, fwmark } = group;
  const isService = (service: string) => {
    const [, mark] = /^fwmark:(.*)$/.exec(service) ?? [];
    if (mark !== undefined) return fwmark === parseFwmark(mark);
    const endpoint = parseEndpoint(service);
    return endpoint !== undefined && fwmark === null && isAt(ends.virtual, endpoint) &&
      (endpoint.protocol === undefined || endpoint.protocol === protocol);
  };
  return isAnyOf(text.services, isService) &&
    isAnyOf(text.fwmarks, (mark) => fwmark === parseFwmark(mark)) &&
    isAnyOf(text.protocols, (name) => name === protocol) &&
    isAnyOf(text.families, (name) => name === addressFamily);
}

/** Whether any entry holds; true for no list. */
function isAnyOf(
  entries: readonly string[] | undefined,
  holds: (entry: string) => boolean,
): boolean {
  return entries === undefined || entries.some(holds);
}

function endsOf(group: ConnectionGroup): Ends {
  const end = (isInet6: boolean, words: readonly number[], port: number) => ({
    port,
    isIn: (network: Network) =>
      network.family === (isInet6 ? AF_INET6 : AF_INET) &&
      network.contains(Uint32Array.from(words, (word) => swap32(word)), 0),
  });
  return {
    virtual: end(group.isInet6, group.virtualWords, group.port),
    real: end(group.isRealInet6, group.realWords, group.realPort),
  };
}
