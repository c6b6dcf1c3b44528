/** What the fuzzer begins with: frames as they are really sent, and what a kernel has said. */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { LinkType } from "../../src/wire/link-layout.ts";
import { LITTLE_ENDIAN, MessageWriter } from "../../src/wire/netlink.ts";
import { ack, dhcpv6, iaAddress, iaNa, option6 } from "./dhcp-frames.ts";
import * as frames from "./frames.ts";

const ADDRESS = "20010db800000000000000000000000a";
const DHCPV6_REPLY = dhcpv6(`07 123456 ${iaNa(iaAddress(ADDRESS))}`);
const DHCPV6_TEMPORARY = dhcpv6(`07 123456 ${option6(4, `00000001 ${iaAddress(ADDRESS)}`)}`);
const DHCPV6_REFUSAL = dhcpv6(`07 123456 ${iaNa(option6(13, "0002"))} ${option6(13, "0000")}`);
const ACK_OVERLOADED = ack({
  options: "340103 ff",
  file: "350105 330400000e10 ff",
  sname: "3604c0000201 ff",
});

/** With one tag, as a port with VLANs has them. */
function tagged(frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0x00, 0x00, 0x0a, ...frame.subarray(12));
}

export const FRAME_SEEDS: readonly Uint8Array[] = [
  ...Object.values(frames).filter((each) => each instanceof Uint8Array),
  ack(),
  ack({ ipOptions: "01010101" }),
  ACK_OVERLOADED,
  DHCPV6_REPLY,
  DHCPV6_TEMPORARY,
  DHCPV6_REFUSAL,
  tagged(frames.QEMU_RARP),
  tagged(frames.UNSOLICITED_NA),
  tagged(DHCPV6_REPLY),
];

/** Of Linux 6.1: a bridge's entry, a VXLAN device's, a neighbour's, and a refusal with its reason. */
const TOLD_BY_A_KERNEL: readonly Uint8Array[] = [
  `4c0000001c000200010000008c690000 0700000003000000020010000a0002000200 0000000a0000
   080009000200000008000f00000000001400030000000000080000000800000000000000`,
  `440000001c000200010000008c690000 0700000003000000c00002010a0002000200 0000000a0000
   080001000a0000021400030000000000080000000800000000000000`,
  `4c0000001c000200010000008c690000 020000000200000080001003 08000100c00002010a000200
   02000000000a000008000400000000001400030008000000080000000800000000000000`,
  "2400000002000001070000008c690000 edffffff 20000000100005000700000000000000",
].map(frames.hex);

function link(write: (writer: MessageWriter) => void, family = 0): Uint8Array {
  const writer = new MessageWriter();
  writer.begin(LinkType.put, 0).fixed(16, (view, offset) => {
    view.setUint8(offset, family);
    view.setInt32(offset + 4, 42, LITTLE_ENDIAN);
    view.setUint32(offset + 8, 0x1_0043, LITTLE_ENDIAN);
  });
  write(writer);
  writer.end();
  return writer.finish();
}

const VXLAN = link((writer) => {
  writer
    .text(3, "vxlan10")
    .mac(1, "02:00:00:00:00:01" as MacAddress)
    .u32(5, 2)
    .u32(10, 3)
    .u8(16, 6)
    .nested(18, () => {
      writer.text(1, "vxlan").nested(2, () => {
        writer
          .u32(1, 10)
          .ip(2, "239.0.0.1" as IpAddress)
          .ip(4, "10.0.0.1" as IpAddress)
          .ip(17, "2001:db8::1" as IpAddress)
          .u8(7, 0)
          .u8(25, 0)
          .bytes(15, Uint8Array.of(0x12, 0xb5));
      });
      writer.text(4, "bridge").nested(5, () => writer.u8(8, 0).u8(32, 1).u8(33, 1));
    });
});
const BRIDGE = link((writer) => {
  writer.text(3, "br10").nested(18, () => {
    writer.text(1, "bridge").nested(2, () => writer.u8(7, 1));
  });
});
const PORT = link((writer) => {
  writer
    .text(3, "eth2")
    .u32(10, 3)
    .nested(12, () => writer.u8(8, 1).u8(32, 0).u8(33, 0));
}, 7);
const REFUSED_WITH_TEXT = frames.hex(
  `3c00000002000002070000008c690000 eaffffff 2000000010000500070000000000000000000000 00000000
   00000000 1400010064657669636520646f65730000000000`,
);

export const NETLINK_SEEDS: readonly Uint8Array[] = [
  ...TOLD_BY_A_KERNEL,
  Uint8Array.from(TOLD_BY_A_KERNEL.flatMap((each) => [...each])),
  VXLAN,
  BRIDGE,
  PORT,
  REFUSED_WITH_TEXT,
];
