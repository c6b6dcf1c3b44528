/** Paths and the messages of API v3 (gobgpd 3.x), in which every choice is packed into an `Any`. */
import * as api from "./generated/v3/gobgp.ts";
import type { Any } from "./generated/v3/google/protobuf/any.ts";
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

export const codecV3: PathCodec<api.Path> = { encode, decode };

const TYPE_URL = "type.googleapis.com/apipb.";

function pack<T>(name: string, messages: api.MessageFns<T>, message: T): Any {
  return { typeUrl: TYPE_URL + name, value: messages.encode(message).finish() };
}

/** A reader of the bytes for each name that an `Any` may have in some place. */
type Readers<T> = Readonly<Record<string, (bytes: Uint8Array) => T>>;

function unpack<T>(any: Any, readers: Readers<T>): T | undefined {
  const name = any.typeUrl.startsWith(TYPE_URL) ? any.typeUrl.slice(TYPE_URL.length) : "";
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  try {
    return read?.(any.value);
  } catch {
    // Bytes that are no such message are for us as unknown as a name we do not know.
    return undefined;
  }
}

function encode(path: SpeakerPath, now: number): api.Path {
  return {
    nlri: path.nlri && encodeNlri(path.nlri),
    pattrs: path.attributes.flatMap(encodeAttribute),
    age: { seconds: Math.floor(now / 1000), nanos: 0 },
    best: false,
    isWithdraw: path.withdraw,
    family: path.evpn ? EVPN_FAMILY : undefined,
    neighborIp: path.neighbor,
    pattrsBinary: [],
  };
}

function encodeNlri(nlri: Nlri): Any | undefined {
  switch (nlri.kind) {
    case "mac-ip":
      return pack("EVPNMACIPAdvertisementRoute", api.EVPNMACIPAdvertisementRoute, {
        rd: nlri.rd && encodeRd(nlri.rd),
        esi: nlri.esi && { type: nlri.esi.type, value: nlri.esi.value },
        ethernetTag: nlri.ethernetTag,
        macAddress: nlri.mac,
        ipAddress: nlri.ip,
        labels: [...nlri.labels],
      });
    case "imet":
      return pack(
        "EVPNInclusiveMulticastEthernetTagRoute",
        api.EVPNInclusiveMulticastEthernetTagRoute,
        {
          rd: nlri.rd && encodeRd(nlri.rd),
          ethernetTag: nlri.ethernetTag,
          ipAddress: nlri.ip,
        },
      );
    case "other":
      return undefined;
  }
}

function encodeRd(rd: NumberedByName): Any {
  switch (rd.kind) {
    case "as2":
      return pack("RouteDistinguisherTwoOctetASN", api.RouteDistinguisherTwoOctetASN, {
        admin: rd.admin,
        assigned: rd.number,
      });
    case "as4":
      return pack("RouteDistinguisherFourOctetASN", api.RouteDistinguisherFourOctetASN, {
        admin: rd.admin,
        assigned: rd.number,
      });
    case "ipv4":
      return pack("RouteDistinguisherIPAddress", api.RouteDistinguisherIPAddress, {
        admin: rd.admin,
        assigned: rd.number,
      });
  }
}

function encodeAttribute(attribute: Attribute): Any[] {
  switch (attribute.kind) {
    case "origin":
      return [pack("OriginAttribute", api.OriginAttribute, { origin: attribute.origin })];
    case "next-hop":
      return [pack("NextHopAttribute", api.NextHopAttribute, { nextHop: attribute.nexthop })];
    case "mp-reach": {
      const nextHops = [...attribute.nexthops];
      return [pack("MpReachNLRIAttribute", api.MpReachNLRIAttribute, { nextHops })];
    }
    case "communities":
      return [
        pack("ExtendedCommunitiesAttribute", api.ExtendedCommunitiesAttribute, {
          communities: attribute.communities.flatMap(encodeCommunity),
        }),
      ];
    case "pmsi":
      return [pack("PmsiTunnelAttribute", api.PmsiTunnelAttribute, attribute)];
    case "other":
      return [];
  }
}

function encodeCommunity(community: Community): Any[] {
  switch (community.kind) {
    case "specific":
      return [encodeSpecific(community)];
    case "encapsulation":
      return [pack("EncapExtended", api.EncapExtended, { tunnelType: community.tunnelType })];
    case "mobility":
      return [
        pack("MacMobilityExtended", api.MacMobilityExtended, {
          isSticky: community.sticky,
          sequenceNum: community.seq,
        }),
      ];
    case "default-gateway":
      return [pack("DefaultGatewayExtended", api.DefaultGatewayExtended, {})];
    case "other":
      return [];
  }
}

function encodeSpecific(community: Extract<Community, { kind: "specific" }>): Any {
  const { value, transitive: isTransitive, subType } = community;
  switch (value.kind) {
    case "ipv4":
      return pack("IPv4AddressSpecificExtended", api.IPv4AddressSpecificExtended, {
        isTransitive,
        subType,
        address: value.admin,
        localAdmin: value.number,
      });
    case "as2":
      return pack("TwoOctetAsSpecificExtended", api.TwoOctetAsSpecificExtended, {
        isTransitive,
        subType,
        asn: value.admin,
        localAdmin: value.number,
      });
    case "as4":
      return pack("FourOctetAsSpecificExtended", api.FourOctetAsSpecificExtended, {
        isTransitive,
        subType,
        asn: value.admin,
        localAdmin: value.number,
      });
  }
}

function decode(message: api.Path): SpeakerPath {
  return {
    evpn: isEvpn(message.family),
    nlri: message.nlri && (unpack(message.nlri, NLRIS) ?? { kind: "other" }),
    attributes: message.pattrs.map((any) => unpack(any, ATTRIBUTES) ?? { kind: "other" }),
    withdraw: message.isWithdraw,
    best: message.best,
    neighbor: message.neighborIp,
    since: message.age?.seconds,
    raw: rawOf(message.pattrsBinary),
  };
}

const RDS: Readers<NumberedByName> = {
  RouteDistinguisherTwoOctetASN: (bytes) => {
    const { admin, assigned } = api.RouteDistinguisherTwoOctetASN.decode(bytes);
    return { kind: "as2", admin, number: assigned };
  },
  RouteDistinguisherFourOctetASN: (bytes) => {
    const { admin, assigned } = api.RouteDistinguisherFourOctetASN.decode(bytes);
    return { kind: "as4", admin, number: assigned };
  },
  RouteDistinguisherIPAddress: (bytes) => {
    const { admin, assigned } = api.RouteDistinguisherIPAddress.decode(bytes);
    return { kind: "ipv4", admin, number: assigned };
  },
};

const NLRIS: Readers<Nlri> = {
  EVPNMACIPAdvertisementRoute: (bytes) => {
    const route = api.EVPNMACIPAdvertisementRoute.decode(bytes);
    return {
      kind: "mac-ip",
      rd: route.rd && unpack(route.rd, RDS),
      esi: route.esi,
      ethernetTag: route.ethernetTag,
      mac: route.macAddress,
      ip: route.ipAddress,
      labels: route.labels,
    };
  },
  EVPNInclusiveMulticastEthernetTagRoute: (bytes) => {
    const route = api.EVPNInclusiveMulticastEthernetTagRoute.decode(bytes);
    return {
      kind: "imet",
      rd: route.rd && unpack(route.rd, RDS),
      ethernetTag: route.ethernetTag,
      ip: route.ipAddress,
    };
  },
};

const ATTRIBUTES: Readers<Attribute> = {
  OriginAttribute: (bytes) => ({
    kind: "origin",
    origin: api.OriginAttribute.decode(bytes).origin,
  }),
  NextHopAttribute: (bytes) => ({
    kind: "next-hop",
    nexthop: api.NextHopAttribute.decode(bytes).nextHop,
  }),
  MpReachNLRIAttribute: (bytes) => ({
    kind: "mp-reach",
    nexthops: api.MpReachNLRIAttribute.decode(bytes).nextHops,
  }),
  ExtendedCommunitiesAttribute: (bytes) => ({
    kind: "communities",
    communities: api.ExtendedCommunitiesAttribute.decode(bytes).communities.map(
      (any) => unpack(any, COMMUNITIES) ?? { kind: "other" },
    ),
  }),
  PmsiTunnelAttribute: (bytes) => ({ kind: "pmsi", ...api.PmsiTunnelAttribute.decode(bytes) }),
};

const COMMUNITIES: Readers<Community> = {
  TwoOctetAsSpecificExtended: (bytes) => {
    const {
      isTransitive: transitive,
      subType,
      asn,
      localAdmin,
    } = api.TwoOctetAsSpecificExtended.decode(bytes);
    return {
      kind: "specific",
      transitive,
      subType,
      value: { kind: "as2", admin: asn, number: localAdmin },
    };
  },
  FourOctetAsSpecificExtended: (bytes) => {
    const {
      isTransitive: transitive,
      subType,
      asn,
      localAdmin,
    } = api.FourOctetAsSpecificExtended.decode(bytes);
    return {
      kind: "specific",
      transitive,
      subType,
      value: { kind: "as4", admin: asn, number: localAdmin },
    };
  },
  IPv4AddressSpecificExtended: (bytes) => {
    const {
      isTransitive: transitive,
      subType,
      address,
      localAdmin,
    } = api.IPv4AddressSpecificExtended.decode(bytes);
    return {
      kind: "specific",
      transitive,
      subType,
      value: { kind: "ipv4", admin: address, number: localAdmin },
    };
  },
  EncapExtended: (bytes) => ({
    kind: "encapsulation",
    tunnelType: api.EncapExtended.decode(bytes).tunnelType,
  }),
  MacMobilityExtended: (bytes) => {
    const { isSticky, sequenceNum } = api.MacMobilityExtended.decode(bytes);
    return { kind: "mobility", sticky: isSticky, seq: sequenceNum };
  },
  DefaultGatewayExtended: () => ({ kind: "default-gateway" }),
};
