/**
 * The JSON Schema of the settings and of the kernel's status.
 *
 * @module
 */
import { integerOrNull, object, type Schema, u32 } from "./schema_parts.ts";

const countOrNull = (description: string): Schema => integerOrNull(0, 2 ** 32 - 1, description);
/** Wider than the current limits of the kernel, which may change. */
const intOrNull = (description: string): Schema =>
  integerOrNull(-(2 ** 31), 2 ** 32 - 1, description);

/** The schema of `settings`. */
export function settingsSchema(): Schema {
  return object({
    run_estimation: intOrNull("With 0, counters and rates are not updated."),
    est_cpulist: {
      type: ["string", "null"],
      description: "CPUs for the estimator's threads; an empty list stops them. Since Linux 6.2.",
    },
    est_nice: intOrNull("Niceness of the estimator's threads, since Linux 6.2."),
    conn_max: intOrNull("Maximum number of connections, since Linux 7.2."),
    conn_lfactor: intOrNull(
      "The connection table grows above 2^conn_lfactor entries per bucket. Since Linux 7.1.",
    ),
    svc_lfactor: intOrNull("The same for the table of virtual servers."),
    conn_reuse_mode: intOrNull(
      "With 0, a new connection from a reused port goes to the real server of the previous one. " +
        "Since Linux 4.1.",
    ),
    conntrack: intOrNull("Whether connections are also tracked by the firewall."),
    expire_nodest_conn: intOrNull("Whether connections end when their real server is removed."),
    expire_quiescent_template: intOrNull("Whether persistence ends at a real server of weight 0."),
    sloppy_tcp: intOrNull("Whether any packet may start a TCP connection, since Linux 3.11."),
    sync_threshold: intOrNull("Packets after which a connection is synchronized."),
    sync_period: intOrNull("It is synchronized again after this many packets."),
    sync_refresh_period: intOrNull("Seconds between messages about a connection."),
    sync_ports: intOrNull("Number of threads and ports of the sync daemons."),
    sync_persist_mode: intOrNull("With 1, of persistence only templates are synchronized."),
  });
}

/** The schema of `kernel_status`. */
export function kernelStatusSchema(): Schema {
  return object({
    connections: u32("Number of connections, including persistence templates."),
    connection_table: hashTable("A connection of forwarding method masq has two entries."),
    virtual_servers: u32("Number of virtual servers."),
    service_table: hashTable("The table of virtual servers."),
    estimator: object({
      thread_slots: u32("Slots allocated for threads; the first exists even if no thread runs."),
      thread_slots_limit: countOrNull("Maximum number of slots; null before the first server."),
      chain_length_limit: countOrNull("Maximum length of a chain; null until measured."),
      thread_capacity: countOrNull("Estimators that a thread can handle; null until measured."),
    }),
  });
}

function hashTable(description: string): Schema {
  const lengths =
    "Buckets with 0 to 6 entries and with 7 or more; null if the table is empty, or " +
    "was replaced too often while it was read. During a resize, of both tables.";
  return {
    ...object({
      buckets: u32("Number of buckets; 0 if the table does not exist yet."),
      load_factor: intOrNull(
        "Load factor it has been sized by; null if the table does not exist yet.",
      ),
      buckets_by_length: {
        type: ["array", "null"],
        items: { $ref: "#/$defs/u32" },
        minItems: 8,
        maxItems: 8,
        description: lengths,
      },
    }),
    description,
  };
}
