/**
 * The option for what is read, as a row of the table of options.
 *
 * @module
 */
import type { Option } from "./option_types.ts";

/** What can be read of the running kernel. */
export const SOURCES = ["netlink", "proc", "auto"] as const;

/** The row. */
export const SOURCE_OPTIONS: readonly Option[] = [
  {
    name: "source",
    argument: { name: "SOURCE", values: SOURCES },
    commands: ["show", "stream"],
    help: "read netlink (default), proc, which needs no privilege, or auto",
    details: "/proc/net/ip_vs has addresses, schedulers, weights, and active and inactive " +
      "connections; it has no counters and rates of servers, no thresholds, tunnels and persistence " +
      "templates. What is not known is left out. auto reads it if the kernel does not permit " +
      "netlink, and says so.",
    excludes: "netns",
  },
];
