/**
 * A host that has come to a port is a member of multicast groups there only when it says so, which it
 * does when somebody asks: within two minutes, if there is a querier, or never. So all who are behind
 * the port are asked as soon as a host has come to it (draft-gu-nvo3-vm-migration, 4.5).
 */
import type { PortName } from "../evpn/port.ts";
import { Agenda } from "./agenda.ts";
import type { Scene } from "./commit.ts";

/** So a rack that starts asks each port a few times, and not for each of its guests. */
const PAUSE_MS = 1000;

/** What is remembered of one MAC-VRF. */
export class MembershipQueries {
  readonly isOn: boolean;
  /** When which port is asked. */
  readonly agenda: Agenda<PortName> = new Agenda();
  readonly askedAt: Map<PortName, number> = new Map();

  constructor(isOn: boolean) {
    this.isOn = isOn;
  }

  forget(port: PortName): void {
    this.agenda.delete(port);
    this.askedAt.delete(port);
  }
}

/** A host that was elsewhere is behind this port now. */
export function askAfterArrival(scene: Scene, port: PortName): void {
  const { domain, at } = scene;
  const { isOn, agenda, askedAt } = domain.membership;
  if (!isOn || agenda.at(port) !== undefined) return;
  const wait = (askedAt.get(port) ?? at - PAUSE_MS) + PAUSE_MS - at;
  if (wait > 0) agenda.set(port, at + wait);
  else ask(scene, port);
}

export function askDue(scene: Scene): void {
  const { domain, at } = scene;
  for (;;) {
    const port = domain.membership.agenda.take(at);
    if (port === undefined) return;
    ask(scene, port);
  }
}

function ask({ domain, outbox, at }: Scene, port: PortName): void {
  const { vni } = domain;
  domain.membership.askedAt.set(port, at);
  outbox.askMembership({ vni, port });
  outbox.tell({ kind: "membership-asked", vni, port });
}
