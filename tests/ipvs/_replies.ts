/**
 * Replies with a different value in every attribute, in the order of the kernel.
 *
 * @module
 */
import { Datagram } from "../../lib/netlink/transport.ts";
import { addressBytes, MessageWriter } from "../_netlink_messages.ts";

/** Writes STATS64, or STATS if not `wide`, with the values `first`, `first + 1n` and so on. */
export function stats(writer: MessageWriter, type: number, first: bigint, wide: boolean): void {
  writer.attribute(type, () => {
    for (let i = 1; i <= 10; i++) {
      const value = first + BigInt(i - 1);
      if (wide || i === 4 || i === 5) writer.u64(i, value);
      else writer.u32(i, Number(BigInt.asUintN(32, value)));
    }
  });
}

/** Writes a service, with the attributes in the order of Linux 6.1. */
export function service(writer: MessageWriter): void {
  writer.attribute(1, () => {
    writer.u16(1, 10).u16(2, 17).bytes(3, addressBytes("2001:db8::1")).be16(4, 0x1234);
    writer.text(6, "wlc").text(11, "sip");
    writer.attribute(7, () => writer.number(0x80000007, 4).number(0xffffffff, 4));
    writer.u32(8, 0xfffffffe).u32(9, 64);
    stats(writer, 10, 5n, false);
    stats(writer, 12, 2n ** 64n - 10n, true);
  });
}

/** Writes a destination, with the attributes in the order of Linux 6.1. */
export function destination(writer: MessageWriter): void {
  writer.attribute(2, () => {
    writer.bytes(1, addressBytes("2001:db8::2")).be16(2, 8080);
    writer.u32(3, 0x80000102).u32(4, 2147483647);
    writer.u8(13, 1).be16(14, 6080).u16(15, 2);
    writer.u32(5, 0xfffffffd).u32(6, 12).u32(7, 13).u32(8, 14).u32(9, 15).u16(11, 10);
    stats(writer, 10, 5n, false);
    stats(writer, 12, 2n ** 53n, true);
  });
}

/** Writes a sync daemon. */
export function daemon(writer: MessageWriter): void {
  writer.attribute(3, () => {
    writer.u32(1, 2).text(2, "eth0").u32(3, 200).u16(4, 1460).u16(7, 8848).u8(8, 7);
    writer.bytes(5, [224, 0, 0, 81]).bytes(6, addressBytes("ff02::51"));
  });
}

/** A reply: 20 zero bytes for the netlink and generic netlink headers, and what `fill` writes. */
export function reply(fill: (writer: MessageWriter) => void, bigEndian = false): Datagram {
  const writer = new MessageWriter(bigEndian).raw(new Uint8Array(20));
  fill(writer);
  return Datagram.from(writer.take(), !bigEndian);
}
