/**
 * `ipvstat schema`: the JSON Schema of `-o json`.
 *
 * @module
 */
import { type Sink, utf8 } from "../output/byte_writer.ts";
import { jsonSchema } from "../output/json_schema.ts";

/**
 * Prints the schema, indented.
 *
 * @throws whatever the sink throws.
 */
export function schema(sink: Sink): void {
  sink(utf8(`${JSON.stringify(jsonSchema(), null, 2)}\n`));
}
