/** Writes connection tables as the kernel does, and random ones. */
import fc from "fast-check";

/** An entry of the connection table; addresses as in the file. */
export interface Entry {
  readonly protocol: string;
  readonly client: string;
  readonly clientPort: number;
  readonly virtual: string;
  readonly port: number;
  readonly real: string;
  readonly realPort: number;
  readonly state: string;
  readonly origin: "LOCAL" | "SYNC";
  readonly expires: number;
}

const COLUMNS = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       ";

/** IPv4 as in the file: `0A000001`. */
export function inet(address: string): string {
  return address.split(".").map((part) => hex(Number(part), 2)).join("");
}

/** An entry with values that the test does not care about. */
export function entry(values: Partial<Entry> = {}): Entry {
  return {
    ...{ protocol: "TCP", client: inet("10.1.0.2"), clientPort: 50_000 },
    ...{ virtual: inet("192.0.2.1"), port: 80, real: inet("10.2.1.2"), realPort: 8080 },
    ...{ state: "ESTABLISHED", origin: "LOCAL", expires: 899 },
    ...values,
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** The text of `ip_vs_conn_sync` if it has an origin, else of `ip_vs_conn`. */
export function fileOf(entries: readonly Entry[], hasOrigin = true): string {
  const lines = entries.map((one) => {
    const origin = hasOrigin ? `${one.origin.padEnd(6)} ` : "";
    return `${one.protocol.padEnd(3)} ${one.client} ${hex(one.clientPort, 4)} ${one.virtual} ` +
      `${hex(one.port, 4)} ${one.real} ${hex(one.realPort, 4)} ${one.state.padEnd(11)} ` +
      `${origin}${String(one.expires).padStart(7)}\n`;
  });
  return `${COLUMNS}${hasOrigin ? "Origin Expires" : "Expires PEName PEData"}\n${lines.join("")}`;
}

/** The bytes of a text, in chunks that end at these places. */
export function chunksOf(text: string, borders: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const ends = [...borders.map((border) => border % (bytes.length + 1)), bytes.length]
    .sort((a, b) => a - b);
  return ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
}

const port = fc.integer({ min: 0, max: 65_535 });
const digits = (count: number, upper: boolean) =>
  fc.array(fc.constantFrom(...(upper ? "0123456789ABCDEF" : "0123456789abcdef")), {
    minLength: count,
    maxLength: count,
  }).map((all) => all.join(""));
const inet6 = fc.array(digits(4, false), { minLength: 8, maxLength: 8 }).map((groups) =>
  groups.join(":")
);
const ends = fc.oneof(
  fc.record({ client: digits(8, true), virtual: digits(8, true) }),
  fc.record({ client: inet6, virtual: inet6 }),
);

/** Any entry. */
export const anyEntry: fc.Arbitrary<Entry> = fc.tuple(
  ends,
  fc.record({
    protocol: fc.constantFrom("TCP", "UDP", "SCTP", "IP", "ICMPv6", "IP_51"),
    clientPort: port,
    port,
    real: fc.oneof(digits(8, true), inet6),
    realPort: port,
    state: fc.constantFrom("NONE", "ESTABLISHED", "UDP", "SHUTDOWN_ACK_SENT", "ERR!"),
    origin: fc.constantFrom("LOCAL" as const, "SYNC" as const),
    expires: fc.integer({ min: 0, max: 4_294_967 }),
  }),
).map(([addresses, others]) => ({ ...addresses, ...others }));

/** Entries of which many are alike. */
export const similarEntries: fc.Arbitrary<Entry[]> = fc.array(
  fc.record({
    protocol: fc.constantFrom("TCP", "UDP"),
    client: fc.constantFrom("0A010001", "0A010102", "0A010002"),
    clientPort: fc.constantFrom(0, 1),
    virtual: fc.constantFrom("C0000201", "FFFFFFFF"),
    port: fc.constantFrom(80, 65_535),
    real: fc.constantFrom("0A020001", "2001:0db8:0000:0000:0000:0000:0000:0001"),
    realPort: fc.constantFrom(80, 0),
    state: fc.constantFrom("NONE", "ESTABLISHED", "FIN_WAIT"),
    origin: fc.constantFrom("LOCAL" as const, "SYNC" as const),
    expires: fc.constantFrom(0, 9, 10, 59, 60, 899, 900, 100_000),
  }),
  { maxLength: 60 },
);
