/** The address under which this machine reaches a server; a host that stands for every address is reached under loopback. */
export function reachedAddress(host: string, port: number): string {
  const reached = host.replace(/^(0\.0\.0\.0|::)$/, '127.0.0.1')
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
