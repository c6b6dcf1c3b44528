/** How a link message is laid out, read or written: the numbers of `linux/if_link.h` and `linux/if.h`. */
export const LinkType = { put: 16, delete: 17, get: 18, set: 19 } as const;

export const AF_BRIDGE = 7;
export const IFF_UP = 1;
/** Of `struct ifinfomsg`. */
export const FIXED_LENGTH = 16;

/** `IFLA_*`. */
export const Attribute = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  bridgePort: 12,
  operstate: 16,
  info: 18,
  alias: 20,
  familySpecific: 26,
  extMask: 29,
  linkNamespace: 37,
} as const;
/** `IFLA_INFO_*`. */
export const Info = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
/** `IFLA_VXLAN_*`. */
export const Vxlan = {
  id: 1,
  group: 2,
  local: 4,
  learning: 7,
  port: 15,
  group6: 16,
  local6: 17,
  collectMetadata: 25,
} as const;
/** `IFLA_BRPORT_*`. */
export const BridgePort = { learning: 8, neighSuppress: 32, isolated: 33 } as const;
