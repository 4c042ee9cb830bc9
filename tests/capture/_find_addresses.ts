/**
 * Finds the addresses in a recording, and looks for them in another file in every byte order and
 * text form. Imports nothing from lib/.
 */
import { attributes, familyId, messages, payload } from "../kernel/_capture_messages.ts";

const AF_INET = 2;

/** An address in network byte order. */
export type Address = Uint8Array;

/**
 * The addresses of services, destinations and multicast groups in a little-endian pcap file,
 * deduplicated.
 */
export function findAddresses(capture: Uint8Array): Address[] {
  const found = new Map<string, Address>();
  const all = messages(capture);
  const family = familyId(all);
  let serviceFamily = 0;
  for (const message of all.filter(({ type, body }) => type === family && body[0] !== 14)) {
    const nest = (type: number) => attributes(payload(message).get(type) ?? new Uint8Array(0));
    const [service, destination, daemon] = [nest(1), nest(2), nest(3)];
    serviceFamily = service.get(1)?.[0] ?? serviceFamily;
    const addresses = [
      trim(service.get(3), serviceFamily),
      trim(destination.get(1), destination.get(11)?.[0] ?? serviceFamily),
      daemon.get(5),
      daemon.get(6),
    ];
    for (const each of addresses) if (each !== undefined) found.set(each.join(), each);
  }
  return [...found.values()];
}

function trim(bytes: Uint8Array | undefined, family: number): Address | undefined {
  return family === AF_INET ? bytes?.slice(0, 4) : bytes;
}

const WELL_KNOWN = ["0.0.0.0", "127.0.0.1", "::", "::1"];

/** Whether an address is well known, or could be a netmask. */
export function identifiesNothing(address: Address): boolean {
  return WELL_KNOWN.includes(textOf(address)) || (address.length === 4 && address[0] === 255);
}

/** Reverses the bytes of each word of an address. */
function swap(address: Address, width: number): Address {
  const swapped = address.slice();
  for (let at = 0; at < address.length; at += width) swapped.subarray(at, at + width).reverse();
  return swapped;
}

/** The usual text of an address: dotted decimal, or as RFC 5952 has it. */
export function textOf(address: Address): string {
  if (address.length === 4) return address.join(".");
  return new URL(`http://[${fullText(address)}]`).hostname.slice(1, -1);
}

/** The eight groups of four digits of an IPv6 address. */
function fullText(address: Address): string {
  return address.toHex().match(/.{4}/g)!.join(":");
}

/** An address in every byte order, and as text. */
function formsOf(address: Address): Uint8Array[] {
  const orders = [1, 2, 4, address.length].map((width) => swap(address, width));
  const texts = [textOf(address), ...orders.map((each) => each.toHex())];
  if (address.length === 16) texts.push(fullText(address));
  const encoder = new TextEncoder();
  const cases = texts.flatMap((text) => [text, text.toUpperCase()]);
  return [...orders, ...cases.map((text) => encoder.encode(text))];
}

/** The addresses that a file contains in some form, as text. */
export function containedAddresses(
  file: Uint8Array,
  addresses: readonly Address[],
  forms: (address: Address) => Uint8Array[] = formsOf,
): string[] {
  const haystack = toCharacters(file);
  return addresses.filter((address) =>
    forms(address).some((form) => haystack.includes(toCharacters(form)))
  ).map(textOf);
}

/**
 * The forms of an address that are at least 8 bytes long: in a file with random data, shorter ones
 * occur by chance. An IPv4 address is followed by zeros, as in an attribute of 16 bytes.
 */
export function longFormsOf(address: Address): Uint8Array[] {
  const forms = formsOf(address).filter(({ length }) => length >= 8);
  if (address.length === 16) return forms;
  const attribute = new Uint8Array(16);
  attribute.set(address);
  return [...forms, attribute];
}

/** A character for each byte: text is searched fast. */
function toCharacters(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
