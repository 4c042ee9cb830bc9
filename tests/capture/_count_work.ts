/**
 * Counts the work of code by instrumenting built-in functions: numbers read from buffers, bytes and
 * elements copied, elements visited, lookups, comparisons. The count is the same on every machine,
 * so a test can check that work is linear without measuring time.
 */

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** The cost of a method call, determined before the call. */
type Cost = (self: unknown, args: readonly unknown[]) => number;

let work = 0;

const one: Cost = () => 1;
const lengthOf: Cost = (self) => 1 + (self as { length: number }).length;
const lengthOfArgument: Cost = (_, [source]) => 1 + ((source as { length: number })?.length ?? 0);

/** Functions with a callback, of which every call counts. */
const VISITORS = [
  "every",
  "filter",
  "find",
  "findLast",
  "flatMap",
  "forEach",
  "map",
  "some",
  "sort",
];
const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);
const READERS = Object.getOwnPropertyNames(DataView.prototype).filter((name) =>
  /^[gs]et/.test(name)
);

const COSTS: readonly [prototype: object, names: readonly string[], cost: Cost][] = [
  [DataView.prototype, READERS, one],
  [TYPED_ARRAY, ["subarray"], one],
  [TYPED_ARRAY, ["set"], lengthOfArgument],
  [TYPED_ARRAY, ["slice", "indexOf", "includes", "copyWithin"], lengthOf],
  [Array.prototype, ["shift", "unshift", "splice", "indexOf", "includes", "slice"], lengthOf],
  [Array.prototype, ["concat", "join"], lengthOf],
  [Map.prototype, ["get", "set", "has"], one],
  [Set.prototype, ["add", "has"], one],
  [TextDecoder.prototype, ["decode"], lengthOfArgument],
];

/** Runs a function and returns the amount of its work. */
export function countWork(run: () => void): number {
  const restore = installCounters();
  try {
    return workOf(run);
  } finally {
    restore();
  }
}

/** Like {@linkcode countWork}, if {@linkcode installCounters} has been called. */
export function workOf(run: () => void): number {
  const before = work;
  run();
  return work - before;
}

/** Instruments the built-in functions; returns a function that restores them. */
export function installCounters(): () => void {
  const undo: (() => void)[] = [];
  for (const [prototype, names, cost] of COSTS) {
    for (const name of names) {
      undo.push(replace(prototype, name, (method) => counted(method, cost)));
    }
  }
  for (const prototype of [Array.prototype, TYPED_ARRAY]) {
    for (const name of VISITORS) {
      if (name in prototype) undo.push(replace(prototype, name, countingVisits));
    }
  }
  return () => undo.forEach((each) => each());
}

function replace(prototype: object, name: string, wrap: (method: Method) => Method): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (descriptor === undefined) return () => {};
  Object.defineProperty(prototype, name, { ...descriptor, value: wrap(descriptor.value) });
  return () => Object.defineProperty(prototype, name, descriptor);
}

function counted(method: Method, cost: Cost): Method {
  return function (...args) {
    work += cost(this, args);
    return Reflect.apply(method, this, args);
  };
}

function countingVisits(method: Method): Method {
  return function (callback, ...rest) {
    if (typeof callback !== "function") return Reflect.apply(method, this, [callback, ...rest]);
    const visit: Method = function (...args) {
      work++;
      return Reflect.apply(callback as Method, this, args);
    };
    return Reflect.apply(method, this, [visit, ...rest]);
  };
}
