/** Frames of DHCP servers whose lengths and checksums are right, whatever they say. */
import { hex, toHex } from "./frames.ts";

const CLIENT = "525400123456";
const SERVER = "020000000001";

function length16(text: string, more = 0): string {
  return (hex(text).length + more).toString(16).padStart(4, "0");
}

function padded(text: string, length: number): string {
  return toHex(hex(text)).padEnd(2 * length, "0");
}

/** An IPv4 frame from port 67 to 68. */
export function dhcpv4(
  message: string,
  {
    fragment = "4000",
    ipOptions = "",
    protocol = "11",
  }: { fragment?: string; ipOptions?: string; protocol?: string } = {},
): Uint8Array {
  const udp = `0043 0044 ${length16(message, 8)} 0000 ${message}`;
  const headerLength = 20 + hex(ipOptions).length;
  const first = `4${headerLength / 4} 00 ${length16(udp, headerLength)} 0000 ${fragment} 40 ${protocol}`;
  const addresses = `c0000201 c000020a ${ipOptions}`;
  const checksum = ipv4Checksum(hex(`${first} 0000 ${addresses}`));
  return hex(`${CLIENT} ${SERVER} 0800 ${first} ${checksum} ${addresses} ${udp}`);
}

export interface AckParts {
  readonly yiaddr?: string;
  readonly giaddr?: string;
  readonly options?: string;
  readonly sname?: string;
  readonly file?: string;
  readonly ipOptions?: string;
}

/** The guest is given 192.0.2.10 for an hour. */
export function ack({
  yiaddr = "c000020a",
  giaddr = "00000000",
  options = "350105 3604c0000201 330400000e10 0104ffffff00 ff",
  sname = "",
  file = "",
  ipOptions = "",
}: AckParts = {}): Uint8Array {
  return dhcpv4(
    `02 01 06 00 12345678 0000 8000 00000000 ${yiaddr} 00000000 ${giaddr}
     ${padded(CLIENT, 16)} ${padded(sname, 64)} ${padded(file, 128)} 63825363 ${options}`,
    { ipOptions },
  );
}

/** An IPv6 frame from port 547 to 546. */
export function dhcpv6(message: string): Uint8Array {
  const udp = `0223 0222 ${length16(message, 8)} 0000 ${message}`;
  return hex(
    `${CLIENT} ${SERVER} 86dd 60000000 ${length16(udp)} 11 40
     fe800000000000000000000000000001 fe80000000000000505400fffe123456 ${udp}`,
  );
}

export function option6(code: number, value: string): string {
  return `${code.toString(16).padStart(4, "0")} ${length16(value)} ${value}`;
}

export function iaNa(options: string): string {
  return option6(3, `00000001 00000e10 00001518 ${options}`);
}

export function iaAddress(
  address: string,
  { valid = "00001c20", options = "" }: { valid?: string; options?: string } = {},
): string {
  return option6(5, `${address} 00000e10 ${valid} ${options}`);
}

function ipv4Checksum(header: Uint8Array): string {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) {
    sum = (sum + (header[i] ?? 0) * 256 + (header[i + 1] ?? 0)) % 0xffff;
  }
  return (0xffff - sum).toString(16).padStart(4, "0");
}
