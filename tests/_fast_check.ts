/**
 * The module that `deno.json` maps `fast-check` to. The npm package is named here, because
 * `deno task` downloads every package that `deno.json` names, even for `deno task demo`.
 *
 * @module
 */
export { default } from "npm:fast-check@4.3.0";
