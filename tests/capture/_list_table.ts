/** Lists the table of IPVS over a transport, independently of lib/ipvs. */
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import { readAttributes } from "../../lib/netlink/attributes.ts";
import type { RequestBuilder } from "../../lib/netlink/message.ts";
import { NLM_F_DUMP } from "../../lib/netlink/uapi.ts";
import type { Transport } from "../../lib/netlink/transport.ts";

interface Found {
  family: number;
  protocol: number;
  port: number;
  fwmark: number;
  address: Uint8Array;
}

/**
 * Lists the virtual servers, sorted, each with the number of its real servers, such as
 * `2/6 0a000001:80 2` or `2 fwmark 1 1`.
 */
export function listTable(transport: Transport): string[] {
  const client = new NetlinkClient(transport);
  const { id, version } = lookupFamily(client, "IPVS");
  const dump = { type: id, version, flags: NLM_F_DUMP };
  const services: Found[] = [];
  client.request({ ...dump, name: "services", command: 4, reply: 1 }, (datagram, start, end) => {
    const { view, littleEndian, bytes } = datagram;
    const found = { family: 0, protocol: 0, port: 0, fwmark: 0, address: new Uint8Array(16) };
    readAttributes(datagram, start, end, (_, nest, length) => {
      readAttributes(datagram, nest, nest + length, (type, at, width) => {
        if (type === 1) found.family = view.getUint16(at, littleEndian);
        if (type === 2) found.protocol = view.getUint16(at, littleEndian);
        if (type === 3) found.address = bytes.slice(at, at + width);
        if (type === 4) found.port = view.getUint16(at);
        if (type === 5) found.fwmark = view.getUint32(at, littleEndian);
      });
    });
    services.push(found);
  });
  return services.map((found) => {
    let count = 0;
    const attributes = (builder: RequestBuilder) => fillIdentity(builder, found);
    const request = { ...dump, name: "destinations", command: 8, reply: 5, attributes };
    client.request(request, () => count++);
    const digits = [...found.address].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const address = found.family === 2 ? digits.slice(0, 8) : digits;
    const name = found.fwmark !== 0
      ? `${found.family} fwmark ${found.fwmark}`
      : `${found.family}/${found.protocol} ${address}:${found.port}`;
    return `${name} ${count}`;
  }).sort();
}

function fillIdentity(builder: RequestBuilder, found: Found): void {
  builder.nest(1, () => {
    builder.u16(1, found.family);
    if (found.fwmark !== 0) builder.u32(5, found.fwmark);
    else builder.be16(4, found.port).bytes(3, found.address).u16(2, found.protocol);
  });
}
