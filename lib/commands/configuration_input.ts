/**
 * The inputs of commands that compare configurations: the running kernel, a recording, a document of
 * `show -o json`, or rules of ipvsadm. What a file is shows in its content.
 *
 * @module
 */
import { isCapture } from "../capture/packets.ts";
import { collect, type Source } from "../ipvs/collect.ts";
import type { Consistency, Snapshot } from "../ipvs/snapshot.ts";
import type { Side } from "../output/diff_text.ts";
import type { Expectation } from "../check/expectation.ts";
import { type Configuration, ConfigurationError, configurationOf } from "../query/configuration.ts";
import { isNames, parseExpectedNames } from "../query/expected_names.ts";
import { parseJsonConfiguration } from "../query/json_configuration.ts";
import { parseRules } from "../query/rules.ts";
import { cannotRead } from "./capture_error.ts";
import { captureName, readInput } from "./capture_file.ts";
import { openCapture } from "./replay.ts";

/** The operand that means the running kernel. */
export const LIVE = "live";

/** A configuration, and where it comes from. */
export interface ConfigurationInput extends Side {
  readonly configuration: Configuration;
  /** Of a snapshot; undefined for text. */
  readonly consistency?: Consistency;
}

/** How to read an input. */
export interface InputOptions {
  /** Opens the running kernel. */
  openKernel(): Source & Disposable;
  /** Reads the running kernel: all virtual servers, or at least those that are selected. */
  readKernel(source: Source): Snapshot;
  /** Size limit of a file, in bytes. */
  readonly maxSize?: number | undefined;
}

/**
 * Reads the input that an operand names: {@linkcode LIVE}, a file, or `-`.
 *
 * @throws {CaptureFileError} if a file cannot be read or is of no known kind.
 * @throws {NetlinkError} if the kernel refuses.
 * @throws {DecodeError} if the kernel's reply is malformed.
 */
export function readConfiguration(operand: string, options: InputOptions): ConfigurationInput {
  if (operand === LIVE) {
    using source = options.openKernel();
    return inputOf(options.readKernel(source), { name: LIVE, kind: "live" });
  }
  const name = captureName(operand);
  const bytes = readInput(operand, options.maxSize);
  if (isCapture(bytes)) return inputOf(replayed(bytes, operand), { name, kind: "recording" });
  return textInput(name, bytes);
}

function inputOf(
  snapshot: Snapshot,
  side: Pick<Side, "name" | "kind">,
): ConfigurationInput {
  const { time, consistency } = snapshot;
  return { ...side, time, consistency, configuration: configurationOf(snapshot) };
}

function replayed(bytes: Uint8Array, file: string): Snapshot {
  using source = openCapture(bytes, file);
  try {
    return collect(source);
  } catch (error) {
    throw source.explain(error);
  }
}

/**
 * Reads what is expected from a file or `-`: a configuration, or names.
 *
 * @throws {CaptureFileError} if it cannot be read or is of no known kind.
 */
export function readExpectation(file: string, options: Pick<InputOptions, "maxSize">): Expectation {
  const name = captureName(file);
  const bytes = readInput(file, options.maxSize);
  if (isCapture(bytes)) {
    return { kind: "configuration", configuration: configurationOf(replayed(bytes, file)) };
  }
  return named(name, () => {
    const text = decode(bytes);
    return isNames(text)
      ? { kind: "names", names: parseExpectedNames(text) }
      : { kind: "configuration", configuration: parseText(text).configuration };
  });
}

function textInput(name: string, bytes: Uint8Array): ConfigurationInput {
  return named(name, () => ({ name, ...parseText(decode(bytes)) }));
}

/** Adds the name of the file to the error of a text. */
function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigurationError) throw cannotRead(name, error.message, error);
    throw error;
  }
}

function parseText(text: string): Omit<ConfigurationInput, "name"> {
  switch (kindOf(text)) {
    case "json": {
      const { time, ...configuration } = parseJsonConfiguration(text);
      return { kind: "json", time, configuration };
    }
    case "rules":
      return { kind: "rules", time: null, configuration: parseRules(text) };
    default:
      throw new ConfigurationError(`it is not ${KINDS}`);
  }
}

const KINDS = "a recording, the output of ipvstat show -o json, or rules of ipvsadm -Sn";

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigurationError("it is neither a recording nor text", { cause });
  }
}

/** Rules of an empty table are empty. */
function kindOf(text: string): "json" | "rules" | undefined {
  const [line] = /^[^\s#].*$/m.exec(text) ?? [];
  if (line === undefined || line.startsWith("-")) return "rules";
  return line.startsWith("{") ? "json" : undefined;
}
