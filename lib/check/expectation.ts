/**
 * Checks that the table has the servers that it should have.
 *
 * @module
 */
import { compareConfigurations, type VirtualDifference } from "../query/comparison.ts";
import type { Configuration } from "../query/configuration.ts";
import type { ExpectedName } from "../query/expected_names.ts";
import type { Problem } from "./result.ts";

/** What is expected: virtual servers with their real servers, or names of virtual servers. */
export type Expectation =
  | { readonly kind: "configuration"; readonly configuration: Configuration }
  | { readonly kind: "names"; readonly names: readonly ExpectedName[] };

/** The differences of a table from what is expected. */
export function checkExpectation(actual: Configuration, expected: Expectation): Problem[] {
  return expected.kind === "names"
    ? checkNames(actual, expected.names)
    : compareConfigurations(expected.configuration, actual, { counters: false })
      .virtualServers.flatMap(problemsOf);
}

function problemsOf(difference: VirtualDifference): Problem[] {
  const { change, server: { key }, realServers } = difference;
  if (change === "removed") return [{ status: "CRITICAL", text: `${key}: missing` }];
  if (change === "added") return [unexpected(key)];
  return realServers.flatMap((real): Problem[] => {
    const name = `${key} ${real.server.key}`;
    if (real.change === "removed") return [{ status: "WARNING", text: `${name}: missing` }];
    if (real.change === "added") return [unexpected(name)];
    if (real.change !== "changed") return [];
    const weight = real.fields.find((field) => field.name === "weight");
    if (weight?.after !== 0) return [];
    return [{ status: "WARNING", text: `${name}: weight 0 instead of ${weight.before}` }];
  });
}

function unexpected(name: string): Problem {
  return { status: "WARNING", text: `${name}: unexpected` };
}

function checkNames(
  { virtualServers }: Configuration,
  names: readonly ExpectedName[],
): Problem[] {
  const missing = names.filter((name) =>
    !virtualServers.some((virtual) =>
      name.matches(virtual) || virtual.realServers.some((real) => name.matchesReal(real))
    )
  );
  const others = virtualServers.filter((one) => !names.some((name) => name.matches(one)));
  return [
    ...missing.map(({ text }): Problem => ({ status: "CRITICAL", text: `${text}: missing` })),
    ...others.map(({ key }) => unexpected(key)),
  ];
}
