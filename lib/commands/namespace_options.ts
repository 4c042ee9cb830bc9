/**
 * The option of network namespaces, as a row of the table of options.
 *
 * @module
 */
import type { Option } from "./option_types.ts";

const DETAILS =
  "NAMESPACE is a name known to ip netns or Docker, a path to a namespace, a process ID, " +
  "or all: each namespace that has a name or that a process is in. This requires CAP_SYS_ADMIN as well. " +
  "The output labels each namespace with NAMESPACE; with all, by its name or as net:[INODE]. If one " +
  "cannot be read, standard error says why, the others are still read, and the exit status is that of " +
  "the first failure.";

/** The rows. */
export const NAMESPACE_OPTIONS: readonly Option[] = [
  {
    name: "netns",
    argument: { name: "NAMESPACE", values: "text" },
    repeatable: true,
    commands: ["show", "stream", "doctor"],
    help: "read a network namespace: a name, a path, a process ID or all",
    details: `${DETAILS} The option can be repeated.`,
  },
  {
    name: "netns",
    argument: { name: "NAMESPACE", values: "text" },
    repeatable: true,
    commands: ["record"],
    help: "record another network namespace: a name, a path or a process ID",
    details: "See show. A recording has one namespace, so all is not possible.",
    excludes: "replay",
  },
  {
    name: "netns",
    argument: { name: "NAMESPACE", values: "text" },
    repeatable: true,
    commands: ["diff", "check"],
    help: "read another network namespace: a name, a path or a process ID",
    details: "See show. Only one namespace can be read.",
  },
];
