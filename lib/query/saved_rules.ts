/**
 * What remains of a configuration when `ipvsadm -S` saves it.
 *
 * @module
 */
import {
  type Configuration,
  ConfiguredServer,
  ConfiguredVirtualServer,
  type Fields,
} from "./configuration.ts";

/** Schedulers whose flags ipvsadm saves by name, so that it loses the one without a name. */
const SCHEDULERS_WITH_NAMED_FLAGS: readonly unknown[] = ["sh", "mh"];

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

function savedService(fields: Fields): Fields {
  const { sched, sched_flags: flags } = fields;
  if (!SCHEDULERS_WITH_NAMED_FLAGS.includes(sched) || !Array.isArray(flags)) return fields;
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
