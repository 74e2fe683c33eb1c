import dns from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { MediaUnavailable } from '../bridge/errors.ts'

/**
 * Ranges that are not the public Internet's: this host, private and shared networks, link-local, documentation,
 * benchmarks, relays, multicast, reserved (https://www.iana.org/assignments/iana-ipv4-special-registry/).
 */
const specialIpv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/**
 * All public IPv6 addresses lie in here; loopback, mapped and compatible IPv4, NAT64, local ones and multicast do not
 * (https://www.iana.org/assignments/ipv6-address-space/).
 */
const globalIpv6 = ['2000::', 3] as const

/** Except for protocol assignments with Teredo, documentation, and 6to4, which leads to an IPv4 address of its own
 * (https://www.iana.org/assignments/iana-ipv6-special-registry/). */
const specialIpv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const special = new BlockList()
for (const [network, prefix] of specialIpv4) special.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of specialIpv6) special.addSubnet(network, prefix, 'ipv6')
const global = new BlockList()
global.addSubnet(...globalIpv6, 'ipv6')

/** Is this IP address, in its usual spelling, one of the public Internet? False for what is no address. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !special.check(address, 'ipv4')
  // A zone (`%eth0`) belongs to local addresses only.
  return version === 6 && !address.includes('%') && global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** The part of `dns.lookup` that is needed. */
export type Resolve = (
  name: string,
  options: dns.LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, found: dns.LookupAddress[]) => void,
) => void

/**
 * A lookup for sockets that knows public addresses only. The addresses that were checked are the ones that the socket
 * then connects to, so that a name cannot answer differently the second time. A name with even one other address is
 * refused: {@link MediaUnavailable} `forbidden_address`.
 */
export const publicLookup =
  (resolve: Resolve = dns.lookup): LookupFunction =>
  (name, options, done) =>
    resolve(name, { ...options, all: true }, (error, found) => {
      const [first] = found ?? []
      if (error) done(error, [])
      else if (!first || !found.every(({ address }) => isPublicAddress(address)))
        done(new MediaUnavailable('forbidden_address', 'a name that is not of public addresses only'), [])
      else if (options.all) done(null, found)
      else done(null, first.address, first.family)
    })
