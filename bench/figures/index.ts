import { admission } from './admission.ts'
import { inbound, outbound, slowPlatform } from './delivery.ts'
import type { Figure } from './figure.ts'
import { latency } from './latency.ts'
import { processMemory } from './process-memory.ts'
import { redisMemory } from './redis-memory.ts'
import { scale } from './scale.ts'
import { start } from './start.ts'

/** All figures, in the order in which they are measured. */
export const figures: readonly Figure[] = [
  admission,
  inbound,
  outbound,
  slowPlatform,
  latency,
  redisMemory,
  processMemory,
  start,
  scale,
]
