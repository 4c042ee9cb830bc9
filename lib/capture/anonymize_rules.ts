/**
 * The rules for anonymizing the attributes of netlink messages.
 *
 * @module
 */
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_VERSION,
  GENL_ID_CTRL,
  NLMSGERR_ATTR_MSG,
} from "../netlink/uapi.ts";
import {
  type Attribute,
  CONFIG_TABLE,
  DAEMON_TABLE,
  DESTINATION_TABLE,
  INFO_TABLE,
  SERVICE_TABLE,
  type Table,
  WIDTH,
} from "../ipvs/schema.ts";
import {
  IPVS_CMD_SET_INFO,
  IPVS_DAEMON_ATTR,
  IPVS_DEST_ATTR,
  IPVS_SVC_ATTR,
} from "../ipvs/uapi.ts";

/** What to do with an attribute: nothing, if it has this width; or replace what it contains. */
export type Rule =
  | { readonly width: number }
  | { readonly isText: true }
  | { readonly isInterface: true }
  | { readonly address: "ipv4" | "ipv6" | "by family" }
  | { readonly nest: Rules };

/** The rules for the attributes of a nest. An attribute without a rule is overwritten by zeros. */
export interface Rules {
  readonly attributes: ReadonlyMap<number, Rule>;
  /** The attribute with the address family. */
  readonly family?: number;
}

/** Creates the rules of a table, so that an attribute is described only in the schema. */
function rulesOf({ attributes }: Table, family?: number): Rules {
  const rules = new Map<number, Rule>();
  for (const [type, attribute] of attributes) {
    const rule = ruleOf(attribute);
    if (rule !== undefined) rules.set(type, rule);
  }
  return family === undefined ? { attributes: rules } : { attributes: rules, family };
}

function ruleOf(attribute: Attribute): Rule | undefined {
  if ("padding" in attribute) return undefined;
  if ("nest" in attribute) return { nest: rulesOf(attribute.nest) };
  switch (attribute.type) {
    case "address":
    case "bytes16":
      return { address: "by family" };
    case "bytes4":
      return { address: "ipv4" };
    case "text":
      return { isText: true };
    default:
      return { width: WIDTH[attribute.type] };
  }
}

/** The attributes of a service, in requests and replies. */
export const SERVICE_RULES: Rules = rulesOf(SERVICE_TABLE, IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF);
/** The attributes of a destination. */
export const DESTINATION_RULES: Rules = rulesOf(
  DESTINATION_TABLE,
  IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR_FAMILY,
);
const DAEMON_RULES: Rules = {
  attributes: new Map<number, Rule>([
    ...rulesOf(DAEMON_TABLE).attributes,
    [IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_IFN, { isInterface: true }],
    [IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_GROUP6, { address: "ipv6" }],
  ]),
};
const INFO_RULES = rulesOf(INFO_TABLE);
const COMMAND_RULES: Rules = {
  attributes: new Map<number, Rule>([
    [SERVICE_TABLE.envelope!, { nest: SERVICE_RULES }],
    [DESTINATION_TABLE.envelope!, { nest: DESTINATION_RULES }],
    [DAEMON_TABLE.envelope!, { nest: DAEMON_RULES }],
    ...rulesOf(CONFIG_TABLE).attributes,
  ]),
};
const CONTROLLER_RULES: Rules = {
  attributes: new Map<number, Rule>([
    [CTRL_ATTR_FAMILY_ID, { width: 2 }],
    [CTRL_ATTR_FAMILY_NAME, { isText: true }],
    [CTRL_ATTR_VERSION, { width: 4 }],
  ]),
};
/** The attributes after an error code. */
export const EXTENDED_ACK_RULES: Rules = {
  attributes: new Map([[NLMSGERR_ATTR_MSG, { isText: true }]]),
};

/** The rules for a message of the family controller or of IPVS. */
export function rulesFor(messageType: number, command: number): Rules {
  if (messageType === GENL_ID_CTRL) return CONTROLLER_RULES;
  return command === IPVS_CMD_SET_INFO ? INFO_RULES : COMMAND_RULES;
}
