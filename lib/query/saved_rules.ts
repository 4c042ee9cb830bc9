/**
 * What remains of a configuration when `ipvsadm -S` saves it.
 *
 * @module
 */
import { hasNamedFlags } from "../ipvs/names.ts";
import {
  type Configuration,
  ConfiguredServer,
  ConfiguredVirtualServer,
  type Fields,
} from "./configuration.ts";

/**
 * A configuration as it can be compared with rules. Of what ipvsadm does not save, only thresholds
 * remain: rules have them if someone wrote them by hand.
 */
export function asSaved({ virtualServers }: Configuration): Configuration {
  return {
    virtualServers: virtualServers.map(({ identity, fields, realServers, counters }) =>
      new ConfiguredVirtualServer(
        identity,
        savedService(fields),
        realServers.map((real) =>
          new ConfiguredServer(real.identity, savedServer(real.fields), real.counters)
        ),
        counters,
      )
    ),
  };
}

/** Of flags that ipvsadm saves by name, it loses the one without a name. */
function savedService(fields: Fields): Fields {
  const { sched, sched_flags: flags } = fields;
  if (!hasNamedFlags(String(sched)) || !Array.isArray(flags)) return fields;
  return { ...fields, sched_flags: flags.filter((flag) => flag !== "flag-3") };
}

/** ipvsadm saves `local` as `-g`, and `bypass` as `(null)`. */
function savedServer(fields: Fields): Fields {
  switch (fields.forwarding_method) {
    case "local":
      return { ...fields, forwarding_method: "droute" };
    case "bypass": {
      const { forwarding_method: _, ...others } = fields;
      return others;
    }
    default:
      return fields;
  }
}
