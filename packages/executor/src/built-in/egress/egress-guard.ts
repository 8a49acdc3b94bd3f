import { lookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { isOwnAddress } from "./address-range.ts";
import { EgressRefused } from "./egress-refused.ts";
import { judgeAddress, type EgressPolicy, type EgressTarget } from "./judge-address.ts";

/** Resolves a name to all of its addresses, as `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (fault: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface EgressGuardDeps {
  readonly policy: EgressPolicy;
  /** The port at which this process listens; null: at none so far. */
  readonly ownPort: () => number | null;
  readonly resolve?: Resolve;
  /** The addresses of this machine. */
  readonly ownAddresses?: () => readonly string[];
}

/** Decides for every connection of a job. What it resolves is what is connected to: no name is resolved a second time. */
export interface EgressGuard {
  /** Why no connection may be made to a host that is an address; null: it may, or the host is a name. Node looks no address up, so ask for each connection. */
  findRefusal(target: EgressTarget): EgressRefused | null;
  /**
   * The `lookup` of a connection to the target, for `net.connect`, `tls.connect` and agents. It resolves the name once and fails with
   * `EgressRefused` if any address of it is refused. Node connects to the addresses that it returns.
   */
  lookupFor(target: Omit<EgressTarget, "host">): LookupFunction;
  /** For clients that take no `lookup`: the vetted addresses, one of which is to be connected to. Rejects with `EgressRefused`. */
  resolveVetted(target: EgressTarget): Promise<readonly LookupAddress[]>;
}

export function createEgressGuard({ policy, ownPort, resolve = lookup, ownAddresses = listOwnAddresses }: EgressGuardDeps): EgressGuard {
  const isOwn = (address: string, port: number): boolean => port === ownPort() && isOwnAddress(address, ownAddresses());
  const judge = (address: string, target: EgressTarget): EgressRefused | null => {
    const reason = judgeAddress({ address, own: isOwn(address, target.port) }, target, policy);
    return reason === null ? null : new EgressRefused(reason);
  };
  const lookupFor: EgressGuard["lookupFor"] =
    (connection) =>
    (host, { all, ...options }, callback) =>
      resolve(host, { ...options, all: true }, (fault, addresses) => {
        if (fault !== null) return callback(fault, "");
        for (const { address } of addresses) {
          const refusal = judge(address, { ...connection, host });
          if (refusal !== null) return callback(refusal, "");
        }
        const [first] = addresses;
        if (all === true || first === undefined) return callback(null, addresses);
        return callback(null, first.address, first.family);
      });
  const findRefusal = (target: EgressTarget): EgressRefused | null => (isIP(target.host) === 0 ? null : judge(target.host, target));
  return {
    findRefusal,
    lookupFor,
    async resolveVetted(target) {
      const refusal = findRefusal(target);
      if (refusal !== null) throw refusal;
      const family = isIP(target.host);
      if (family !== 0) return [{ address: target.host, family }];
      const { promise, resolve: succeed, reject } = Promise.withResolvers<readonly LookupAddress[]>();
      lookupFor(target)(target.host, { all: true }, (fault, addresses) =>
        fault === null ? succeed(addresses as LookupAddress[]) : reject(fault),
      );
      return promise;
    },
  };
}

const listOwnAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
