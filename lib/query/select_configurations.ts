/**
 * Selects servers of two configurations that are compared.
 *
 * @module
 */
import { type Configuration, ConfiguredVirtualServer } from "./configuration.ts";
import type { Selection } from "./selection.ts";

/**
 * The servers of both sides that are selected on one of them: a virtual server whose scheduler was
 * changed is changed, rather than removed. States are not considered, as rules have none.
 */
export function selectFromBoth(
  selection: Selection,
  before: Configuration,
  after: Configuration,
): [before: Configuration, after: Configuration] {
  const keys = new Set(
    [...before.virtualServers, ...after.virtualServers]
      .filter((virtual) => isSelected(selection, virtual)).map(({ key }) => key),
  );
  const select = ({ virtualServers }: Configuration): Configuration => ({
    virtualServers: virtualServers.filter(({ key }) => keys.has(key)).map((virtual) =>
      withSelectedReals(selection, virtual)
    ),
  });
  return [select(before), select(after)];
}

function isSelected(selection: Selection, virtual: ConfiguredVirtualServer): boolean {
  return selection.matches(virtual) &&
    (!selection.isAboutRealServers ||
      virtual.realServers.some((real) => selection.matchesReal(real)));
}

function withSelectedReals(
  selection: Selection,
  { identity, fields, realServers, counters }: ConfiguredVirtualServer,
): ConfiguredVirtualServer {
  const selected = realServers.filter((real) => selection.matchesReal(real));
  return new ConfiguredVirtualServer(identity, fields, selected, counters);
}
