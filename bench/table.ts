/** The IPVS tables of the benchmarks. */

/** The shape of a table. */
export interface Table {
  readonly virtualServers: number;
  /** Number of real servers of each virtual server. */
  readonly realServers: number;
}

/** The port of every virtual server. */
export const VIRTUAL_PORT = 80;
/** The port of every real server. */
export const REAL_PORT = 8080;

/** Maximum number of real servers of a table, for which all sums are below 2^53. */
const MAX_REAL_SERVERS = 1 << 17;

/**
 * Parses a shape such as `1000x10`.
 *
 * @throws {RangeError} if it is malformed or too large.
 */
export function parseTable(text: string): Table {
  const [, virtualServers = 0, realServers = 0] = text.match(/^(\d+)x(\d+)$/)?.map(Number) ?? [];
  const count = virtualServers * realServers;
  if (count < 1 || count > MAX_REAL_SERVERS) {
    throw new RangeError(
      `"${text}" is not a table of up to ${MAX_REAL_SERVERS} real servers, such as 1000x10`,
    );
  }
  return { virtualServers, realServers };
}

/** The name of a table for the results, such as `1,000 × 10`. */
export function nameOf({ virtualServers, realServers }: Table): string {
  return `${virtualServers.toLocaleString("en")} × ${realServers.toLocaleString("en")}`;
}

/** The address of the virtual server with this number, from 0: 10.0.0.0, 10.0.0.1, … */
export function virtualAddress(index: number): readonly [number, number, number, number] {
  return [10, index >> 16, (index >> 8) & 0xff, index & 0xff];
}

/** The address of the real server with this number among all of the table: 172.16.0.0, … */
export function realAddress(index: number): readonly [number, number, number, number] {
  return [172, 16 + (index >> 16), (index >> 8) & 0xff, index & 0xff];
}

/** The weight of the real server with this number among all of the table. */
export function weightOf(index: number): number {
  return 1 + index % 100;
}

/** The table as rules for `ipvsadm -R`. */
export function rulesOf({ virtualServers, realServers }: Table): string {
  const lines: string[] = [];
  for (let i = 0; i < virtualServers; i++) {
    const service = `-t ${virtualAddress(i).join(".")}:${VIRTUAL_PORT}`;
    lines.push(`-A ${service} -s wrr`);
    for (let j = 0; j < realServers; j++) {
      const index = i * realServers + j;
      const server = `-r ${realAddress(index).join(".")}:${REAL_PORT}`;
      lines.push(`-a ${service} ${server} -m -w ${weightOf(index)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
