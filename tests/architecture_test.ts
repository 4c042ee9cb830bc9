/** Holds the sources to the directions of their imports, and to their measures. */
import assert from "node:assert/strict";
import { posix } from "node:path";

/** The rooms of lib/ from the bottom up: each may import from itself and from those below it. */
const ROOMS = ["netlink", "procfs", "ipvs", "metrics", "capture", "output", "doctor", "commands"];
/** What ffi/ may import of lib/. */
const FFI_MAY_IMPORT = ["transport", "errors", "uapi"].map((name) => `lib/netlink/${name}.ts`);
/** What packaging/ may import of lib/: the version, and what documents are made of. */
const PACKAGING_MAY_IMPORT = ["version", "commands/man_page", "commands/completions"]
  .map((name) => `lib/${name}.ts`);
const MOST_LINES_OF_A_FILE = 300;
const MOST_LINES_OF_A_FUNCTION = 40;

const root = new URL("../", import.meta.url);

interface Source {
  readonly path: string;
  readonly text: string;
  /** The text with blanks for comments. */
  readonly code: string;
  /** Paths of the files that it imports, and specifiers of what is no file. */
  readonly imports: readonly string[];
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
  /** Lines on which the name `Deno` is used. */
  readonly deno: readonly number[];
  /** Exported declarations without a doc comment. */
  readonly undocumented: readonly string[];
  readonly hasDefaultExport: boolean;
}

function pathsIn(directory: string): string[] {
  return [...Deno.readDirSync(new URL(directory, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? pathsIn(`${directory}${name}/`) : `${directory}${name}`
  );
}

function sourcePaths(): string[] {
  const top = [...Deno.readDirSync(root)].map(({ name }) => name);
  const all = [...top, ...["lib/", "ffi/", "packaging/"].flatMap(pathsIn)];
  return all.filter((path) => path.endsWith(".ts")).sort();
}

/** What is looked at of one source, while its syntax tree is walked. */
class Survey {
  readonly imports = new Set<string>();
  readonly functions: { line: number; lines: number }[] = [];
  readonly deno: number[] = [];
  readonly undocumented: string[] = [];
  hasDefaultExport = false;
  code: string;
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = this.code = text;
  }

  visitor(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
    for (const { range: [start, end] } of context.sourceCode.getAllComments()) {
      const blank = this.#text.slice(start, end).replace(/[^\n]/g, " ");
      this.code = this.code.slice(0, start) + blank + this.code.slice(end);
    }
    return {
      ImportDeclaration: (node) => this.#import(node.source.value),
      ExportAllDeclaration: (node) => this.#import(node.source.value),
      ImportExpression: (node) => {
        if (node.source.type === "Literal") this.#import(String(node.source.value));
      },
      ExportNamedDeclaration: (node) => {
        if (node.source) this.#import(node.source.value);
        if (node.declaration) this.#document(node.range[0]);
      },
      ExportDefaultDeclaration: () => {
        this.hasDefaultExport = true;
      },
      FunctionDeclaration: (node) => this.#measure(node.range),
      FunctionExpression: (node) => this.#measure(node.range),
      ArrowFunctionExpression: (node) => this.#measure(node.range),
      Identifier: (node) => {
        if (node.name === "Deno") this.deno.push(this.#lineOf(node.range[0]));
      },
    };
  }

  #import(specifier: string): void {
    const isFile = specifier.startsWith(".");
    this.imports.add(
      isFile ? posix.join(posix.dirname(this.#path), specifier) : specifier,
    );
  }

  #measure([start, end]: readonly [number, number]): void {
    const line = this.#lineOf(start);
    this.functions.push({ line, lines: this.#lineOf(end) - line + 1 });
  }

  #document(start: number): void {
    if (/\*\/\s*$/.test(this.#text.slice(0, start))) return;
    this.undocumented.push(this.#text.slice(start).split("\n")[0]!);
  }

  #lineOf(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }
}

function survey(path: string, text: string): Survey {
  const survey = new Survey(path, text);
  const rules = { survey: { create: (context: Deno.lint.RuleContext) => survey.visitor(context) } };
  Deno.lint.runPlugin({ name: "survey", rules }, path, text);
  return survey;
}

function readSource(path: string): Source {
  const text = Deno.readTextFileSync(new URL(path, root));
  const surveyed = survey(path, text);
  const { code, functions, deno, undocumented, hasDefaultExport } = surveyed;
  const imports = [...surveyed.imports];
  return { path, text, code, imports, functions, deno, undocumented, hasDefaultExport };
}

let surveyed: readonly Source[] | undefined;

function sources(): readonly Source[] {
  return surveyed ??= sourcePaths().map(readSource);
}

/** Every import that a rule does not allow, as `importer -> imported`. */
function forbidden(isForbidden: (from: string, to: string) => boolean): string[] {
  return sources().flatMap(({ path, imports }) =>
    imports.filter((to) => isForbidden(path, to)).map((to) => `${path} -> ${to}`)
  );
}

function roomOf(path: string): string | undefined {
  return /^lib\/(\w+)\//.exec(path)?.[1];
}

Deno.test("the survey sees imports, functions, uses of Deno and exports", () => {
  const text = `import { a } from "./a.ts";
export * from "../b.ts"; export { c } from "node:c"; const d = await import("./d.ts");
/** Documented. */
export function e() {
  return Deno.args; // IPVS
}
export const f = () => {
};
export default e;
`;
  const found = survey("lib/x/y.ts", text);
  assert.deepEqual([...found.imports], ["lib/x/a.ts", "lib/b.ts", "node:c", "lib/x/d.ts"]);
  assert.deepEqual(found.functions, [{ line: 4, lines: 3 }, { line: 7, lines: 2 }]);
  assert.deepEqual(found.deno, [5]);
  assert.deepEqual(found.undocumented, ["export const f = () => {"]);
  assert.equal(found.hasDefaultExport, true);
  assert.doesNotMatch(found.code, /IPVS|Documented/);
  assert.equal(found.code.length, text.length);
});

Deno.test("every room of lib/ has its place in the order of rooms", () => {
  const rooms = sources().map(({ path }) => roomOf(path)).filter((room) => room !== undefined);
  assert.deepEqual([...new Set(rooms)].filter((room) => !ROOMS.includes(room)), []);
  assert.ok(rooms.length > 20);
});

Deno.test("the rooms of lib/ import only from themselves and from below", () => {
  const wrong = forbidden((from, to) => {
    const [importer, imported] = [roomOf(from), roomOf(to)];
    if (importer === undefined || imported === undefined) return false;
    return ROOMS.indexOf(imported) > ROOMS.indexOf(importer);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("only lib/ipvs/ and lib/capture/ see columns and the kernel's numbers", () => {
  const internal = ["columns", "decode", "identity", "listing_comparison", "names"]
    .concat(["rows", "schema", "uapi"]).map((name) => `lib/ipvs/${name}.ts`);
  const above = ["metrics", "output", "doctor", "commands"];
  assert.deepEqual(
    forbidden((from, to) => above.includes(roomOf(from) ?? "") && internal.includes(to)),
    [],
  );
});

Deno.test("lib/ imports nothing but lib/", () => {
  assert.deepEqual(
    forbidden((from, to) => from.startsWith("lib/") && !to.startsWith("lib/")),
    [],
  );
});

Deno.test("ffi/ imports of lib/ only netlink's transport, errors and numbers", () => {
  assert.deepEqual(
    forbidden((from, to) =>
      from.startsWith("ffi/") && !to.startsWith("ffi/") && !FFI_MAY_IMPORT.includes(to)
    ),
    [],
  );
});

Deno.test("packaging/ imports of lib/ only the version and documents, and nothing imports it", () => {
  const inPackaging = (path: string) => path.startsWith("packaging/");
  assert.ok(sources().some(({ path }) => inPackaging(path)));
  assert.deepEqual(
    forbidden((from, to) =>
      inPackaging(from)
        ? /^(lib|ffi)\//.test(to) && !PACKAGING_MAY_IMPORT.includes(to)
        : inPackaging(to)
    ),
    [],
  );
});

Deno.test("only cli.ts and mod.ts import both lib/ and ffi/", () => {
  const both = sources().filter(({ path, imports }) =>
    !path.startsWith("ffi/") && imports.some((to) => to.startsWith("ffi/")) &&
    imports.some((to) => to.startsWith("lib/"))
  );
  assert.deepEqual(both.map(({ path }) => path), ["cli.ts", "mod.ts"]);
});

Deno.test("every import is of a file that is there", () => {
  const paths = sourcePaths();
  assert.deepEqual(
    forbidden((_, to) => /^[a-z_/]+\.ts$/.test(to) && !paths.includes(to)),
    [],
  );
});

Deno.test("the imports form no circle", () => {
  const imports = new Map(sources().map((source) => [source.path, source.imports]));
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    }
    if (done.has(path) || trail.includes(path)) return;
    for (const to of imports.get(path) ?? []) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("lib/ uses nothing of Deno's outside lib/commands/", () => {
  const users = sources().filter(({ path }) =>
    path.startsWith("lib/") && !path.startsWith("lib/commands/")
  ).flatMap(({ path, deno }) => deno.map((line) => `${path}:${line}`));
  assert.deepEqual(users, []);
});

Deno.test("lib/netlink/ has no word of IPVS in its code", () => {
  const netlink = sources().filter(({ path }) => path.startsWith("lib/netlink/"));
  assert.ok(netlink.length > 5);
  assert.deepEqual(netlink.filter(({ code }) => /ip_?vs/i.test(code)).map(({ path }) => path), []);
});

Deno.test("there are no default exports", () => {
  assert.deepEqual(sources().filter((one) => one.hasDefaultExport).map(({ path }) => path), []);
});

Deno.test("file names are in snake_case", () => {
  assert.deepEqual(
    sourcePaths().filter((path) => !/^([a-z0-9_]+\/)*[a-z0-9_]+\.ts$/.test(path)),
    [],
  );
});

Deno.test(`files have at most ${MOST_LINES_OF_A_FILE} lines`, () => {
  const long = sources().map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES_OF_A_FILE);
  assert.deepEqual(long, []);
});

Deno.test(`functions have at most ${MOST_LINES_OF_A_FUNCTION} lines`, () => {
  const long = sources().flatMap(({ path, functions }) =>
    functions.filter(({ lines }) => lines > MOST_LINES_OF_A_FUNCTION).map(({ line, lines }) =>
      `${path}:${line} has ${lines} lines`
    )
  );
  assert.deepEqual(long, []);
});

Deno.test("every export has a doc comment, but for the kernel's own names", () => {
  const without = sources().filter(({ path }) => !path.endsWith("/uapi.ts")).flatMap((one) =>
    one.undocumented.map((line) => `${one.path}: ${line}`)
  );
  assert.deepEqual(without, []);
});

Deno.test("lib/version.ts has the version of deno.json", async () => {
  const { VERSION } = await import("../lib/version.ts");
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  assert.equal(VERSION, version);
});
