/**
 * Colours of text for terminals.
 *
 * @module
 */

/**
 * Gives a text an attribute, which is a number of ECMA-48's SGR: 1 is bold, 31 red, 32 green, 33
 * yellow.
 */
export type Paint = (attribute: number, text: string) => string;

/** Paints text, or returns it as it is without colours. */
export function painter(color: boolean): Paint {
  return color ? (attribute, text) => `\x1b[${attribute}m${text}\x1b[0m` : (_, text) => text;
}
