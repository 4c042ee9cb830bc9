/**
 * `ipvstat schema`: the JSON Schema of `-o json`.
 *
 * @module
 */
import { jsonSchema } from "../output/json_schema.ts";

/** The schema, indented. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}
