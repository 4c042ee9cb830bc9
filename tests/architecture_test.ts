/** Checks the architecture: layers and their imports, lengths of files and functions, names. */
import assert from "node:assert/strict";
import { posix } from "node:path";

/** The layers of lib/ from the bottom up: each may import itself and the layers below it. */
const LAYERS = [
  "netlink",
  "procfs",
  "ipvs",
  "metrics",
  "query",
  "capture",
  "output",
  "doctor",
  "commands",
];
/** The files of lib/ that ffi/ may import. */
const FFI_MAY_IMPORT = ["transport", "errors", "uapi"].map((name) => `lib/netlink/${name}.ts`);
/** The files of lib/ that packaging/ may import: the version, and sources of the documents. */
const PACKAGING_MAY_IMPORT = ["version", "commands/man_page", "commands/completions"]
  .map((name) => `lib/${name}.ts`);
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 40;

const root = new URL("../", import.meta.url);

interface Source {
  readonly path: string;
  readonly text: string;
  /** The text, with comments replaced by spaces. */
  readonly code: string;
  /** Paths of imported files, and specifiers of other modules. */
  readonly imports: readonly string[];
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
  /** Lines that use the name `Deno`. */
  readonly denoLines: readonly number[];
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

/** Collects what the rules need to know about a source while its syntax tree is visited. */
class SourceVisitor {
  readonly imports = new Set<string>();
  readonly functions: { line: number; lines: number }[] = [];
  readonly denoLines: number[] = [];
  readonly undocumented: string[] = [];
  hasDefaultExport = false;
  code: string;
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = this.code = text;
  }

  visit(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
    for (const { range: [start, end] } of context.sourceCode.getAllComments()) {
      const blank = this.#text.slice(start, end).replace(/[^\n]/g, " ");
      this.code = this.code.slice(0, start) + blank + this.code.slice(end);
    }
    return {
      ImportDeclaration: (node) => this.#addImport(node.source.value),
      ExportAllDeclaration: (node) => this.#addImport(node.source.value),
      ImportExpression: (node) => {
        if (node.source.type === "Literal") this.#addImport(String(node.source.value));
      },
      ExportNamedDeclaration: (node) => {
        if (node.source) this.#addImport(node.source.value);
        if (node.declaration) this.#checkDocumented(node.range[0]);
      },
      ExportDefaultDeclaration: () => {
        this.hasDefaultExport = true;
      },
      FunctionDeclaration: (node) => this.#addFunction(node.range),
      FunctionExpression: (node) => this.#addFunction(node.range),
      ArrowFunctionExpression: (node) => this.#addFunction(node.range),
      Identifier: (node) => {
        if (node.name === "Deno") this.denoLines.push(this.#lineOf(node.range[0]));
      },
    };
  }

  #addImport(specifier: string): void {
    const isFile = specifier.startsWith(".");
    this.imports.add(isFile ? posix.join(posix.dirname(this.#path), specifier) : specifier);
  }

  #addFunction([start, end]: readonly [number, number]): void {
    const line = this.#lineOf(start);
    this.functions.push({ line, lines: this.#lineOf(end) - line + 1 });
  }

  #checkDocumented(start: number): void {
    if (/\*\/\s*$/.test(this.#text.slice(0, start))) return;
    this.undocumented.push(this.#text.slice(start).split("\n")[0]!);
  }

  #lineOf(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }
}

/** Parses a source; Deno gives access to syntax trees only through lint plugins. */
function analyze(path: string, text: string): SourceVisitor {
  const visitor = new SourceVisitor(path, text);
  const create = (context: Deno.lint.RuleContext) => visitor.visit(context);
  Deno.lint.runPlugin({ name: "architecture", rules: { visit: { create } } }, path, text);
  return visitor;
}

function readSource(path: string): Source {
  const text = Deno.readTextFileSync(new URL(path, root));
  const { imports, code, functions, denoLines, undocumented, hasDefaultExport } = analyze(
    path,
    text,
  );
  const found = { functions, denoLines, undocumented, hasDefaultExport };
  return { path, text, code, imports: [...imports], ...found };
}

let allSources: readonly Source[] | undefined;

function sources(): readonly Source[] {
  return allSources ??= sourcePaths().map(readSource);
}

/** The imports that a rule forbids, as `importer -> imported`. */
function forbiddenImports(isForbidden: (from: string, to: string) => boolean): string[] {
  return sources().flatMap(({ path, imports }) =>
    imports.filter((to) => isForbidden(path, to)).map((to) => `${path} -> ${to}`)
  );
}

function layerOf(path: string): string | undefined {
  return /^lib\/(\w+)\//.exec(path)?.[1];
}

Deno.test("analyze() finds imports, functions, uses of Deno and exports", () => {
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
  const found = analyze("lib/x/y.ts", text);
  assert.deepEqual([...found.imports], ["lib/x/a.ts", "lib/b.ts", "node:c", "lib/x/d.ts"]);
  assert.deepEqual(found.functions, [{ line: 4, lines: 3 }, { line: 7, lines: 2 }]);
  assert.deepEqual(found.denoLines, [5]);
  assert.deepEqual(found.undocumented, ["export const f = () => {"]);
  assert.equal(found.hasDefaultExport, true);
  assert.doesNotMatch(found.code, /IPVS|Documented/);
  assert.equal(found.code.length, text.length);
});

Deno.test("every layer of lib/ is in the list of layers", () => {
  const layers = sources().map(({ path }) => layerOf(path)).filter((layer) => layer !== undefined);
  assert.deepEqual(layers.filter((layer) => !LAYERS.includes(layer)), []);
  assert.ok(layers.length > 20);
});

Deno.test("layers of lib/ import only themselves and the layers below", () => {
  const wrong = forbiddenImports((from, to) => {
    const [importer, imported] = [layerOf(from), layerOf(to)];
    if (importer === undefined || imported === undefined) return false;
    return LAYERS.indexOf(imported) > LAYERS.indexOf(importer);
  });
  assert.deepEqual(wrong, []);
});

Deno.test("only lib/ipvs/ and lib/capture/ use columns and the kernel's numbers", () => {
  const internal = ["columns", "decode", "identity", "listing_comparison", "names"]
    .concat(["rows", "schema", "uapi"]).map((name) => `lib/ipvs/${name}.ts`);
  const above = ["metrics", "output", "doctor", "commands"];
  assert.deepEqual(
    forbiddenImports((from, to) => above.includes(layerOf(from) ?? "") && internal.includes(to)),
    [],
  );
});

Deno.test("lib/ imports only lib/, and the cipher of the runtime", () => {
  const cipher = "lib/capture/prefix_cipher.ts -> node:crypto";
  assert.deepEqual(
    forbiddenImports((from, to) => from.startsWith("lib/") && !to.startsWith("lib/")),
    [cipher],
  );
});

Deno.test("ffi/ imports only the transport, errors and uapi of lib/netlink/", () => {
  assert.deepEqual(
    forbiddenImports((from, to) =>
      from.startsWith("ffi/") && !to.startsWith("ffi/") && !FFI_MAY_IMPORT.includes(to)
    ),
    [],
  );
});

Deno.test("packaging/ imports only the version and documents of lib/, and no other file imports it", () => {
  const inPackaging = (path: string) => path.startsWith("packaging/");
  assert.ok(sources().some(({ path }) => inPackaging(path)));
  assert.deepEqual(
    forbiddenImports((from, to) =>
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

Deno.test("every imported file exists", () => {
  const paths = sourcePaths();
  assert.deepEqual(
    forbiddenImports((_, to) => /^[a-z_/]+\.ts$/.test(to) && !paths.includes(to)),
    [],
  );
});

Deno.test("there are no circular imports", () => {
  const imports = new Map(sources().map((source) => [source.path, source.imports]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    }
    if (done.has(path) || trail.includes(path)) return;
    for (const to of imports.get(path) ?? []) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  assert.deepEqual(cycles, []);
});

Deno.test("lib/ does not use Deno outside lib/commands/", () => {
  const users = sources().filter(({ path }) =>
    path.startsWith("lib/") && !path.startsWith("lib/commands/")
  ).flatMap(({ path, denoLines }) => denoLines.map((line) => `${path}:${line}`));
  assert.deepEqual(users, []);
});

Deno.test("the code of lib/netlink/ does not mention IPVS", () => {
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

Deno.test(`files have at most ${MAX_FILE_LINES} lines`, () => {
  const long = sources().map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_FILE_LINES);
  assert.deepEqual(long, []);
});

Deno.test(`functions have at most ${MAX_FUNCTION_LINES} lines`, () => {
  const long = sources().flatMap(({ path, functions }) =>
    functions.filter(({ lines }) => lines > MAX_FUNCTION_LINES).map(({ line, lines }) =>
      `${path}:${line} has ${lines} lines`
    )
  );
  assert.deepEqual(long, []);
});

Deno.test("every export has a doc comment, except for the kernel's names in uapi.ts", () => {
  const without = sources().filter(({ path }) => !path.endsWith("/uapi.ts")).flatMap((one) =>
    one.undocumented.map((line) => `${one.path}: ${line}`)
  );
  assert.deepEqual(without, []);
});

Deno.test("lib/version.ts has the same version as deno.json", async () => {
  const { VERSION } = await import("../lib/version.ts");
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  assert.equal(VERSION, version);
});
