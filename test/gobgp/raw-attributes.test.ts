/** The bytes are what gobgpd has handed out of real updates, or as the RFCs draw them. */
import { describe, expect, it } from "vitest";
import { attributesOf } from "../../src/gobgp/raw-attributes.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

describe("A path attribute", () => {
  it.each([
    ["origin", "40 01 01 00", "origin", "IGP"],
    ["an empty AS path", "40 02 00", "as-path", ""],
    [
      "an AS path of four-byte numbers",
      "40 02 0a 02 02 0000fde8 fa56ea01",
      "as-path",
      "65000 4200000001",
    ],
    [
      "one of two-byte numbers, with a set",
      "40 02 0a 02 01 fde8 01 02 fde9 fdea",
      "as-path",
      "65000 {65001 65002}",
    ],
    ["next hop", "40 03 04 0aff0002", "next-hop", "10.255.0.2"],
    ["MED", "80 04 04 0000000a", "med", "10"],
    ["local preference", "40 05 04 00000064", "local-pref", "100"],
    ["communities", "c0 08 08 fde80001 fde80002", "communities", "65000:1, 65000:2"],
    ["originator", "80 09 04 0aff0003", "originator-id", "10.255.0.3"],
    ["cluster list", "80 0a 08 0aff0064 0aff0065", "cluster-list", "10.255.0.100, 10.255.0.101"],
    ["MP_REACH over IPv4", "80 0e 09 0019 46 04 0aff0002 00", "mp-reach-next-hop", "10.255.0.2"],
    [
      "MP_REACH over IPv6",
      "80 0e 15 0019 46 10 20010db8000000000000000000000001 00",
      "mp-reach-next-hop",
      "2001:db8::1",
    ],
    [
      "a length of two bytes",
      "90 0e 0009 0019 46 04 0aff0002 00",
      "mp-reach-next-hop",
      "10.255.0.2",
    ],
    [
      "a PMSI tunnel",
      "c0 16 09 00 06 00000a 0aff0002",
      "pmsi-tunnel",
      "ingress-replication, label 10, 10.255.0.2",
    ],
    ["large communities", "c0 20 0c 0000fde8 00000001 00000002", "large-communities", "65000:1:2"],
    ["one that is not known", "c0 63 02 beef", "attribute-99", "beef"],
  ])("that is %s", (_what, raw, name, value) => {
    expect(attributesOf([bytes(raw)])).toEqual({ [name]: value });
  });

  it.each([
    ["route target of a two-byte AS", "0002 fde8 0000000a", "rt:65000:10"],
    ["route target of an address", "0102 0aff0001 000a", "rt:10.255.0.1:10"],
    ["route target of a four-byte AS", "0202 fa56ea01 000a", "rt:4200000001:10"],
    ["encapsulation", "030c 00000000 0008", "encap:vxlan"],
    ["MAC mobility", "0600 00 00 00000007", "mac-mobility:7"],
    ["MAC mobility, sticky", "0600 01 00 00000000", "mac-mobility:0:sticky"],
    ["router's MAC", "0603 020000000001", "router-mac:02:00:00:00:00:01"],
    ["ARP/ND flags, which gobgpd does not know", "0608 01 00 00000000", "arp-nd:0x01"],
    ["default gateway", "030d 000000000000", "default-gateway"],
    ["another", "8001 020304050607", "0x8001020304050607"],
  ])("has an extended community: %s", (_what, community, text) => {
    expect(attributesOf([bytes(`c010 08 ${community}`)])).toEqual({ "extended-communities": text });
  });

  it("that is not whole is shown as its bytes", () => {
    expect(attributesOf([bytes("40 05 02 0064"), bytes("c0 10 03 000102"), bytes("")])).toEqual({
      "local-pref": "0064",
      "extended-communities": "000102",
      "attribute-0": "",
    });
  });
});
