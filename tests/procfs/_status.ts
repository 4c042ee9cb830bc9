/** Files of /proc from real kernels; see data/README.md. */

/** Reads one of the copies of `/proc/net/ip_vs_status` in data/. */
export function statusText(
  name: "fresh" | "first_service" | "demo" | "long_chains" | "no_cpus",
): string {
  return Deno.readTextFileSync(new URL(`data/status_${name}.txt`, import.meta.url));
}

/** The settings of Linux 7.2 by path below /proc, some with other values than the defaults. */
export const SETTINGS_FILES: Readonly<Record<string, string>> = {
  "sys/net/ipv4/vs/run_estimation": "1\n",
  "sys/net/ipv4/vs/est_cpulist": "0-3,8\n",
  "sys/net/ipv4/vs/est_nice": "-7\n",
  "sys/net/ipv4/vs/conn_max": "1073741824\n",
  "sys/net/ipv4/vs/conn_lfactor": "-4\n",
  "sys/net/ipv4/vs/svc_lfactor": "3\n",
  "sys/net/ipv4/vs/conn_reuse_mode": "1\n",
  "sys/net/ipv4/vs/conntrack": "0\n",
  "sys/net/ipv4/vs/expire_nodest_conn": "1\n",
  "sys/net/ipv4/vs/expire_quiescent_template": "2\n",
  "sys/net/ipv4/vs/sloppy_tcp": "3\n",
  "sys/net/ipv4/vs/sync_threshold": "4\t51\n",
  "sys/net/ipv4/vs/sync_refresh_period": "6\n",
  "sys/net/ipv4/vs/sync_ports": "7\n",
  "sys/net/ipv4/vs/sync_persist_mode": "8\n",
};
