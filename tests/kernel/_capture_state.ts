/** Decodes the state of IPVS in a capture to the expected JSON. Imports nothing from lib/. */
import {
  attributes,
  familyId,
  isRequest,
  type Message,
  messages,
  payload,
} from "./_capture_messages.ts";
import {
  daemon,
  info,
  number,
  server,
  serverKey,
  serverOrder,
  service,
  serviceIdentity,
  serviceKey,
  serviceOrder,
} from "./_ipvs_attributes.ts";
import type { Fields } from "./_ipvsadm.ts";
import { realState, shares, virtualState } from "./_server_states.ts";

export interface CapturedService {
  fields: Fields;
  servers: Map<string, Fields>;
}

export interface CapturedState {
  services: Map<string, CapturedService>;
  /** Sort keys of services, by key, and of servers, by the service's and their own key. */
  order: Map<string, string>;
  info: Fields | undefined;
  timeouts: Fields | undefined;
  daemons: Fields[];
}

/**
 * Sets an entry. If the table was read twice, both states must be the same; while it changes, the
 * first one counts.
 */
function setOnce(map: Map<string, Fields>, key: string, fields: Fields, changing: boolean): void {
  const known = map.get(key);
  if (known && changing) return;
  const print = (value: Fields) =>
    JSON.stringify(value, (_, v) => typeof v === "bigint" ? String(v) : v);
  if (known && print(known) !== print(fields)) {
    throw new Error(`The capture has two states of ${key}: ${print(known)} and ${print(fields)}`);
  }
  map.set(key, fields);
}

interface Progress extends CapturedState {
  /** Whether the counters change while the table is read. */
  changing: boolean;
  /** The service of the last GET_DEST, and its sequence number. */
  requested: string;
  sequence: number;
}

function addMessage(state: Progress, message: Message): void {
  const found = payload(message);
  const command = message.body[0];
  if (isRequest(message)) {
    if (command !== 8) return;
    state.requested = serviceKey(serviceIdentity(attributes(found.get(1)!)));
    state.sequence = message.sequence;
  } else if (command === 1) {
    const fields = service(attributes(found.get(1)!));
    const known = state.services.get(serviceKey(fields));
    const seen = new Map(known ? [["service", known.fields]] : []);
    setOnce(seen, "service", fields, state.changing);
    if (!known) state.services.set(serviceKey(fields), { fields, servers: new Map() });
    state.order.set(serviceKey(fields), serviceOrder(attributes(found.get(1)!)));
  } else if (command === 5) {
    if (message.sequence !== state.sequence) throw new Error("A real server without a request");
    const fields = server(attributes(found.get(2)!));
    const { servers } = state.services.get(state.requested)!;
    setOnce(servers, serverKey(fields), fields, state.changing);
    const order = serverOrder(attributes(found.get(2)!));
    state.order.set(`${state.requested} -> ${serverKey(fields)}`, order);
  } else if (command === 9) {
    state.daemons.push(daemon(attributes(found.get(3)!)));
  } else if (command === 12) {
    state.timeouts = { tcp: number(found, 4), tcp_fin: number(found, 5), udp: number(found, 6) };
  } else if (command === 14) {
    state.info = info(found);
  }
}

/** The state of IPVS in a capture; the counters may be `changing` between two lists. */
export function decodeCapture(capture: Uint8Array, changing = false): CapturedState {
  const all = messages(capture);
  const family = familyId(all);
  const state: Progress = {
    services: new Map(),
    order: new Map(),
    info: undefined,
    timeouts: undefined,
    daemons: [],
    changing,
    requested: "",
    sequence: 0,
  };
  for (const message of all) if (message.type === family) addMessage(state, message);
  return state;
}

function sortedBy<T>(map: Map<string, T>, order: (key: string) => string): [string, T][] {
  return [...map].sort(([a], [b]) => order(a) < order(b) ? -1 : 1);
}

/** The expected "virtual_servers" of ipvstat's JSON, including the order. */
export function virtualServers({ services, order }: CapturedState): Fields[] {
  return sortedBy(services, (key) => order.get(key)!).map(([key, { fields, servers }]) => {
    const realServers = sortedBy(servers, (server) => order.get(`${key} -> ${server}`)!)
      .map(([, server], _, all): Fields => ({
        ...server,
        state: realState(server),
        ...shares(server, fields, all.map(([, each]) => each)),
      }));
    return { ...fields, state: virtualState(realServers), real_servers: realServers };
  });
}
