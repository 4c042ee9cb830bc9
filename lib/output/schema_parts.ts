/**
 * Building blocks of the JSON Schema.
 *
 * @module
 */

/** A schema, or a part of one. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** A string. */
export const text = (description: string): Schema => ({ type: "string", description });
/** A boolean. */
export const flag = (description: string): Schema => ({ type: "boolean", description });
/** An unsigned integer of 16 bits. */
export const u16 = (description: string): Schema => ({ $ref: "#/$defs/u16", description });
/** An unsigned integer of 32 bits. */
export const u32 = (description: string): Schema => ({ $ref: "#/$defs/u32", description });
/** An unsigned integer of 64 bits. */
export const u64 = (description: string): Schema => ({ $ref: "#/$defs/u64", description });
/** One of several values. */
export const oneOfWords = (words: readonly unknown[], description: string): Schema => ({
  enum: words,
  description,
});

/** An object with exactly these members, of which the `optional` ones may be absent. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

/** An array. */
export function list(items: Schema, description: string): Schema {
  return { type: "array", items, description };
}

/** A schema that also permits null. */
export function orNull(schema: Schema, description: string): Schema {
  return { ...schema, type: [schema.type, "null"], description };
}

/** An integer, or null if the kernel does not report it. */
export function integerOrNull(minimum: number, maximum: number, description: string): Schema {
  return { type: ["integer", "null"], minimum, maximum, description };
}
