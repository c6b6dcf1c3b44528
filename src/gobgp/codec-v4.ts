/** Paths and the messages of API v4 (gobgpd 4.x), in which every choice is a typed oneof. */
import type * as api from "./generated/v4/gobgp.ts";
import {
  type Attribute,
  type Community,
  EVPN_FAMILY,
  isEvpn,
  type Nlri,
  type NumberedByName,
  type PathCodec,
  rawOf,
  type SpeakerPath,
} from "./speaker-path.ts";

export const codecV4: PathCodec<api.Path> = { encode, decode };

function encode(path: SpeakerPath, now: number): api.Path {
  return {
    nlri: path.nlri === undefined ? undefined : { nlri: encodeNlri(path.nlri) },
    pattrs: path.attributes.map((attribute) => ({ attr: encodeAttribute(attribute) })),
    age: { seconds: Math.floor(now / 1000), nanos: 0 },
    best: false,
    isWithdraw: path.withdraw,
    family: path.evpn ? EVPN_FAMILY : undefined,
    neighborIp: path.neighbor,
    pattrsBinary: [],
  };
}

function encodeNlri(nlri: Nlri): api.NLRI["nlri"] {
  switch (nlri.kind) {
    case "mac-ip":
      return {
        $case: "evpnMacadv",
        value: {
          rd: nlri.rd && { rd: encodeRd(nlri.rd) },
          esi: nlri.esi && { type: nlri.esi.type, value: nlri.esi.value },
          ethernetTag: nlri.ethernetTag,
          macAddress: nlri.mac,
          ipAddress: nlri.ip,
          labels: [...nlri.labels],
        },
      };
    case "imet":
      return {
        $case: "evpnMulticast",
        value: {
          rd: nlri.rd && { rd: encodeRd(nlri.rd) },
          ethernetTag: nlri.ethernetTag,
          ipAddress: nlri.ip,
        },
      };
    case "other":
      return undefined;
  }
}

function encodeRd(rd: NumberedByName): api.RouteDistinguisher["rd"] {
  switch (rd.kind) {
    case "as2":
      return { $case: "twoOctetAsn", value: { admin: rd.admin, assigned: rd.number } };
    case "as4":
      return { $case: "fourOctetAsn", value: { admin: rd.admin, assigned: rd.number } };
    case "ipv4":
      return { $case: "ipAddress", value: { admin: rd.admin, assigned: rd.number } };
  }
}

function encodeAttribute(attribute: Attribute): api.Attribute["attr"] {
  switch (attribute.kind) {
    case "origin":
      return { $case: "origin", value: { origin: attribute.origin } };
    case "next-hop":
      return { $case: "nextHop", value: { nextHop: attribute.nexthop } };
    case "mp-reach":
      return { $case: "mpReach", value: { nextHops: [...attribute.nexthops] } };
    case "communities":
      return {
        $case: "extendedCommunities",
        value: {
          communities: attribute.communities.map((community) => ({
            extcom: encodeCommunity(community),
          })),
        },
      };
    case "pmsi": {
      const { flags, type, label, id } = attribute;
      return { $case: "pmsiTunnel", value: { flags, type, label, id } };
    }
    case "other":
      return undefined;
  }
}

function encodeCommunity(community: Community): api.ExtendedCommunity["extcom"] {
  switch (community.kind) {
    case "specific": {
      const { value, transitive: isTransitive, subType } = community;
      if (value.kind === "ipv4") {
        return {
          $case: "ipv4AddressSpecific",
          value: { isTransitive, subType, address: value.admin, localAdmin: value.number },
        };
      }
      return {
        $case: value.kind === "as2" ? "twoOctetAsSpecific" : "fourOctetAsSpecific",
        value: { isTransitive, subType, asn: value.admin, localAdmin: value.number },
      };
    }
    case "encapsulation":
      return { $case: "encap", value: { tunnelType: community.tunnelType } };
    case "mobility":
      return {
        $case: "macMobility",
        value: { isSticky: community.sticky, sequenceNum: community.seq },
      };
    case "default-gateway":
      return { $case: "defaultGateway", value: {} };
    case "other":
      return undefined;
  }
}

function decode(message: api.Path): SpeakerPath {
  return {
    evpn: isEvpn(message.family),
    nlri: message.nlri && decodeNlri(message.nlri.nlri),
    attributes: message.pattrs.map(({ attr }) => decodeAttribute(attr)),
    withdraw: message.isWithdraw,
    best: message.best,
    neighbor: message.neighborIp,
    since: message.age?.seconds,
    raw: rawOf(message.pattrsBinary),
  };
}

function decodeNlri(nlri: api.NLRI["nlri"]): Nlri {
  switch (nlri?.$case) {
    case "evpnMacadv":
      return {
        kind: "mac-ip",
        rd: decodeRd(nlri.value.rd?.rd),
        esi: nlri.value.esi,
        ethernetTag: nlri.value.ethernetTag,
        mac: nlri.value.macAddress,
        ip: nlri.value.ipAddress,
        labels: nlri.value.labels,
      };
    case "evpnMulticast":
      return {
        kind: "imet",
        rd: decodeRd(nlri.value.rd?.rd),
        ethernetTag: nlri.value.ethernetTag,
        ip: nlri.value.ipAddress,
      };
    case undefined:
      return { kind: "other" };
  }
}

function decodeRd(rd: api.RouteDistinguisher["rd"]): NumberedByName | undefined {
  switch (rd?.$case) {
    case "twoOctetAsn":
      return { kind: "as2", admin: rd.value.admin, number: rd.value.assigned };
    case "fourOctetAsn":
      return { kind: "as4", admin: rd.value.admin, number: rd.value.assigned };
    case "ipAddress":
      return { kind: "ipv4", admin: rd.value.admin, number: rd.value.assigned };
    case undefined:
      return undefined;
  }
}

function decodeAttribute(attr: api.Attribute["attr"]): Attribute {
  switch (attr?.$case) {
    case "origin":
      return { kind: "origin", origin: attr.value.origin };
    case "nextHop":
      return { kind: "next-hop", nexthop: attr.value.nextHop };
    case "mpReach":
      return { kind: "mp-reach", nexthops: attr.value.nextHops };
    case "extendedCommunities":
      return {
        kind: "communities",
        communities: attr.value.communities.map(({ extcom }) => decodeCommunity(extcom)),
      };
    case "pmsiTunnel":
      return { kind: "pmsi", ...attr.value };
    case undefined:
      return { kind: "other" };
  }
}

function decodeCommunity(community: api.ExtendedCommunity["extcom"]): Community {
  switch (community?.$case) {
    case "twoOctetAsSpecific":
    case "fourOctetAsSpecific": {
      const { isTransitive: transitive, subType, asn, localAdmin } = community.value;
      const kind = community.$case === "twoOctetAsSpecific" ? "as2" : "as4";
      return {
        kind: "specific",
        transitive,
        subType,
        value: { kind, admin: asn, number: localAdmin },
      };
    }
    case "ipv4AddressSpecific": {
      const { isTransitive: transitive, subType, address, localAdmin } = community.value;
      return {
        kind: "specific",
        transitive,
        subType,
        value: { kind: "ipv4", admin: address, number: localAdmin },
      };
    }
    case "encap":
      return { kind: "encapsulation", tunnelType: community.value.tunnelType };
    case "macMobility":
      return {
        kind: "mobility",
        sticky: community.value.isSticky,
        seq: community.value.sequenceNum,
      };
    case "defaultGateway":
      return { kind: "default-gateway" };
    case undefined:
      return { kind: "other" };
  }
}
