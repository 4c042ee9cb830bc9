/** Generates connection tables for the benchmarks, in the kernel's format. */

const HEAD = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n";
const STATES = ["ESTABLISHED", "FIN_WAIT", "TIME_WAIT", "SYN_RECV", "CLOSE"];
const VIRTUAL_SERVERS = 100, REAL_SERVERS = 10, CLIENTS = 200_000;
const FLUSH = 1 << 20;

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** Numbers that look random, and are the same in each run. */
function* numbers(): Generator<number, never> {
  for (let state = 1;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/**
 * Writes a copy of `/proc/net/ip_vs_conn_sync` with `count` TCP connections of 200,000 clients to
 * 100 virtual servers, each with 10 real servers.
 */
export function generateConnections(count: number, write: (bytes: Uint8Array) => void): void {
  const encoder = new TextEncoder();
  const random = numbers();
  const below = (limit: number) => random.next().value % limit;
  let text = HEAD;
  for (let i = 0; i < count; i++) {
    const virtual = below(VIRTUAL_SERVERS);
    const real = virtual * REAL_SERVERS + below(REAL_SERVERS);
    const client = `${hex(0x0a000000 + below(CLIENTS), 8)} ${hex(1024 + below(60_000), 4)}`;
    const servers = `${hex(0xc0000200 + virtual, 8)} 01BB ${hex(0x0a640000 + real, 8)} 01BB`;
    const state = STATES[below(STATES.length)]!.padEnd(11);
    text += `TCP ${client} ${servers} ${state} LOCAL  ${String(below(900)).padStart(7)}\n`;
    if (text.length < FLUSH) continue;
    write(encoder.encode(text));
    text = "";
  }
  write(encoder.encode(text));
}
