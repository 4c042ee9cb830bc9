/** Texts that real kernels gave; see data/README.md. */

/** One of data/'s texts of `/proc/net/ip_vs_status`. */
export function statusText(
  name: "fresh" | "first_service" | "demo" | "long_chains" | "no_cpus",
): string {
  return Deno.readTextFileSync(new URL(`data/status_${name}.txt`, import.meta.url));
}

/** The settings of a Linux 7.2, changed in part, as `readProc()` reads them. */
export const SETTINGS_FILES: Readonly<Record<string, string>> = {
  "sys/net/ipv4/vs/run_estimation": "1\n",
  "sys/net/ipv4/vs/est_cpulist": "0-3,8\n",
  "sys/net/ipv4/vs/est_nice": "-7\n",
  "sys/net/ipv4/vs/conn_max": "1073741824\n",
  "sys/net/ipv4/vs/conn_lfactor": "-4\n",
  "sys/net/ipv4/vs/svc_lfactor": "3\n",
};
