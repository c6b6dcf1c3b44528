/** `host:port` and `[IPv6 address]:port`, taken apart. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `undefined` where it is neither. */
export function splitAddress(address: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]\s]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 0xffff ? undefined : { host, port };
}

export function joinAddress({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
